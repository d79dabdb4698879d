"""Vectors as files: what other programs read back."""

import json
import os

import numpy as np
import pytest

from tasklab.data.files.answers import AnswerFile
from tasklab.data.files.vectors import write_vectors


@pytest.fixture
def parts(rng):
    return [rng.standard_normal((n, 3)).astype(np.float32) for n in (4, 1, 2)]


def test_every_format_gives_the_same_bits_back(parts, tmp_path):
    whole = np.concatenate(parts)
    for name in ("v.npy", "v.npz", "v.jsonl", "v.tsv"):
        assert write_vectors(tmp_path / name, iter(parts)) == (7, 3)
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), whole)
    assert np.load(tmp_path / "v.npy", mmap_mode="r").dtype == np.float32
    np.testing.assert_array_equal(np.load(tmp_path / "v.npz")["vectors"], whole)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "v.tsv", dtype=np.float32, delimiter="\t"), whole)
    rows = [json.loads(line)["vector"] for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    np.testing.assert_array_equal(np.array(rows, np.float32), whole)
    assert sorted(os.listdir(tmp_path)) == ["v.jsonl", "v.npy", "v.npz", "v.tsv"]


@pytest.mark.parametrize("name", ["v.npy", "v.npz", "v.tsv"])
def test_a_file_is_there_whole_or_not_at_all(name, parts, tmp_path):
    def broken():
        yield parts[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_vectors(tmp_path / name, broken())
    assert os.listdir(tmp_path) == []


def test_vectors_and_cosines_go_into_every_format(parts, tmp_path):
    AnswerFile(tmp_path / "v.npy", "vectors").write(iter(parts))
    assert np.load(tmp_path / "v.npy").shape == (7, 3)
    AnswerFile(tmp_path / "v.json", "vectors").write(iter(parts))
    read = json.loads((tmp_path / "v.json").read_text())
    np.testing.assert_array_equal(np.array(read, np.float32), np.concatenate(parts))
    AnswerFile(tmp_path / "c.npy", "vectors").write(iter([[{"score": 0.5}], [{"score": 1.0}]]))
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), [[0.5], [1.0]])
    AnswerFile(tmp_path / "c.tsv", "vectors").write(iter([[{"score": 0.5}], [{"score": 1.0}]]))
    assert (tmp_path / "c.tsv").read_text() == "score\n0.5\n1.0\n"
