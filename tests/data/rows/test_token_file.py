"""The mapped file of token ids: what was written, marks and all, and no damage unnoticed."""

import numpy as np
import pytest

from tasklab.data.rows.cache import cached_tokens
from tasklab.data.rows.token_file import TokenFile, write_token_file
from tasklab.errors import DataError

PARTS = [
    (np.array([5, 6, 7]), np.array([2, 1]), np.array([True, False]), np.array([False, True, False])),
    (np.array([8]), np.array([1]), np.array([True]), np.array([False])),
]


def write(path, parts=PARTS, vocab_size=100):
    write_token_file(path, vocab_size, iter(parts), lambda: {"unknown": 3, "bad": "one line"})


@pytest.mark.parametrize("vocab_size, kind", [(100, "uint16"), (1 << 15, "uint16"), ((1 << 15) + 1, "uint32")])
def test_what_was_written_is_mapped_with_the_smallest_type(tmp_path, vocab_size, kind):
    write(tmp_path / "t", vocab_size=vocab_size)
    found = TokenFile(tmp_path / "t")
    assert found.ids.dtype == kind and isinstance(found.ids, np.memmap)
    assert (found.ids & found.unmarked).tolist() == [5, 6, 7, 8]
    assert (found.ids > found.unmarked).tolist() == [False, True, False, False]
    assert found.ends.tolist() == [2, 3, 4] and found.documents.tolist() == [0, 2]
    assert found.info == {"unknown": 3, "bad": "one line"}


def test_a_highest_id_is_not_taken_for_a_mark(tmp_path):
    write(tmp_path / "t", [(np.array([32767]), np.array([1]), np.array([True]), None)], 1 << 15)
    found = TokenFile(tmp_path / "t")
    assert found.ids.tolist() == [32767] == [found.unmarked]


def test_a_corpus_of_nothing_is_a_file_too(tmp_path):
    write(tmp_path / "t", [])
    assert len(TokenFile(tmp_path / "t").ids) == 0


def test_no_flipped_byte_and_no_cut_goes_unnoticed(tmp_path):
    write(tmp_path / "t")
    sound = (tmp_path / "t").read_bytes()
    for i in range(len(sound)):
        (tmp_path / "t").write_bytes(sound[:i] + bytes([sound[i] ^ 4]) + sound[i + 1 :])
        with pytest.raises((ValueError, OSError)):
            TokenFile(tmp_path / "t")
    for size in (0, 3, 20, len(sound) - 1):
        (tmp_path / "t").write_bytes(sound[:size])
        with pytest.raises((ValueError, OSError)):
            TokenFile(tmp_path / "t")


def test_it_is_written_once_and_again_after_damage(tmp_path, caplog):
    calls = []

    def build(path):
        calls.append(path)
        write(path)

    for _ in range(2):
        assert cached_tokens(tmp_path / "a", {"x": 1}, build).ends.tolist() == [2, 3, 4]
    assert len(calls) == 1
    (entry,) = (tmp_path / "a").iterdir()
    entry.write_bytes(entry.read_bytes()[:-9])
    assert cached_tokens(tmp_path / "a", {"x": 1}, build).ends.tolist() == [2, 3, 4]
    assert len(calls) == 2 and "damaged or not readable" in caplog.text


def test_what_is_not_to_be_kept_lasts_as_long_as_it_is_used(tmp_path):
    found = cached_tokens(tmp_path, {}, write, keep=False)
    assert list(tmp_path.iterdir()) == [] and found.ids.tolist() == [5, 32774, 7, 8]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="the token ids cannot be written .*set TASKLAB_CACHE to a folder with room"):
        cached_tokens(tmp_path / "file", {}, write)
