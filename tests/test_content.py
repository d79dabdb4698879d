"""Small files that others wrote: regular ones, bounded before they are read, and one sentence when they are none."""

import os
import time
from pathlib import Path

import pytest

from tasklab.content import MAX_DEPTH, from_home, json_at, open_regular, parse_json, read_content, read_json
from tasklab.errors import DataError, brief


def test_a_name_is_found_in_the_other_form_of_its_letters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    apart, whole = "Gro\u0308\u00dfe.tsv", "Gr\u00f6\u00dfe.tsv"  # as macOS and as others write the same
    (tmp_path / apart).touch()
    assert from_home(whole) == Path(apart) and from_home("Gr\u00fc\u00dfe.tsv") == Path("Gr\u00fc\u00dfe.tsv")
    (tmp_path / whole).touch()
    assert from_home(whole) == Path(whole) and from_home("nowhere/" + whole) == Path("nowhere", whole)
    assert from_home("\u8bf4" * 400) == Path("\u8bf4" * 400)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_only_regular_files_are_read_and_nothing_is_waited_for(make, tmp_path):
    make(tmp_path / "x.json")
    with pytest.raises(DataError, match="x.json: cannot be read"):
        read_json(tmp_path / "x.json", DataError)
    with pytest.raises(OSError):
        open_regular(tmp_path / "x.json")


def test_a_file_that_is_too_long_is_not_read_whole(tmp_path):
    (tmp_path / "x").write_bytes(bytes(1001))
    with pytest.raises(OSError, match="more than 1000 bytes"):
        read_content(tmp_path / "x", 1000)
    assert read_content(tmp_path / "x", 1001) == bytes(1001)


@pytest.mark.parametrize(
    "content, told",
    [
        (b"[1, 2", "not JSON at line 1, column 6"),
        (b"\xff\xfe", "byte 0: not UTF-8"),
        (b"[" * 100_000, "nested more than"),
        (b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2), "nested more than"),
        (b"9" * 5000, "not JSON that can be read"),
    ],
)
def test_what_is_no_plain_json_is_told_with_the_file(content, told, tmp_path):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataError, match=f"x.json: {told}"):
        read_json(tmp_path / "x.json", DataError)


def test_values_stand_one_behind_the_other_and_each_is_bounded():
    text = '{"a": 1} [2]' + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)
    assert json_at(text, 0, "x", DataError) == ({"a": 1}, 8)
    assert json_at(text, 9, "x", DataError) == ([2], 12)
    with pytest.raises(DataError, match="x: nested more than"):
        json_at(text, 12, "x", DataError)


def test_what_to_do_is_told_where_a_text_goes_on_behind_its_value_and_nowhere_else():
    with pytest.raises(DataError, match="x: not JSON at line 2, column 1 .*: Extra data; name it .jsonl"):
        parse_json(b"\xef\xbb\xbf{}\n{}", "x", DataError, "; name it .jsonl")
    with pytest.raises(DataError, match="Expecting value$"):
        parse_json("[", "x", DataError, "; name it .jsonl")


def test_a_value_is_shown_briefly_however_large_and_deep_it_is():
    nested = ()
    for _ in range(60):
        nested = (nested, nested)
    endless = []
    endless.append(endless)
    start = time.process_time()
    for value in (nested, endless, "x" * 10**7, 10**5000, {"a" * 10**6: nested}, [0] * 10**6):
        assert len(brief(value)) < 300
    assert time.process_time() - start < 1
