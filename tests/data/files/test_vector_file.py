"""Vectors as files: what other programs read back."""

import json
import os

import numpy as np
import pytest

from tasklab.data.files.answers import write_parts
from tasklab.data.files.vectors import write_vectors
from tasklab.errors import DataError


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


def test_answers_and_vectors_find_their_formats(parts, tmp_path):
    write_parts(tmp_path / "a.jsonl", iter([[{"score": 1}], [{"score": 2}]]))
    assert (tmp_path / "a.jsonl").read_text() == '{"score": 1}\n{"score": 2}\n'
    write_parts(tmp_path / "v.npy", iter(parts))
    assert np.load(tmp_path / "v.npy").shape == (7, 3)
    with pytest.raises(DataError, match="v.json: vectors are written as .npy, .npz, .jsonl, .tsv; give the file one"):
        write_parts(tmp_path / "v.json", iter(parts))
    with pytest.raises(DataError, match="answers are written as .tsv, .json, .jsonl"):
        write_parts(tmp_path / "a.npy", iter([[{"score": 1}]]))


def test_an_unknown_ending_is_refused_before_anything_is_computed(tmp_path):
    def never():
        raise AssertionError
        yield

    with pytest.raises(DataError, match="v.doc: answers are written as .tsv, .json, .jsonl, .txt, .npy, .npz; give"):
        write_parts(tmp_path / "v.doc", never())
