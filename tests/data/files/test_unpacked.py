"""Packed files and what a shell hands over become plain files with an ending."""

import gzip
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasklab.data.files import unpacked
from tasklab.data.files.inputs import Inputs
from tasklab.data.files.unpacked import handed_file, plain_file
from tasklab.datahub import at_hand
from tasklab.errors import DataError

TABLE = b"label\ttext_a\n1\tfine\n0\tdull\n"


def packed(path, content=TABLE):
    path.write_bytes(gzip.compress(content))
    return path


def in_process(function, path, **given):
    code = (
        f"from pathlib import Path; from tasklab.data.files import unpacked; print(unpacked.{function}(Path({path!r})))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **given)


def test_a_packed_file_is_read_under_its_own_ending(tmp_path):
    path = packed(tmp_path / "test.tsv.gz")
    for found in (plain_file(path), handed_file(path), Inputs("").file(str(path)), at_hand(path, training=True)):
        assert found.name == "test.tsv" and found.read_bytes() == TABLE


@pytest.mark.parametrize("logged", [False, True])
def test_messages_name_the_file_that_its_user_knows(tmp_path, caplog, logged):
    path = packed(tmp_path / "test.tsv.gz")
    message = f"{plain_file(path)}:2: 'label' is '', expected a label"
    if logged:
        logging.getLogger("tasklab").warning("%s", message)
    told = caplog.messages[-1] if logged else str(DataError(message))
    assert told == f"{path}:2: 'label' is '', expected a label"


def test_a_packed_file_written_anew_is_read_anew(tmp_path):
    path = packed(tmp_path / "a.txt.gz", b"one\n")
    before = plain_file(path)
    packed(path, b"two and more\n")
    assert plain_file(path).read_bytes() == b"two and more\n" and before.read_bytes() == b"one\n"


@pytest.mark.parametrize(
    "content, ending",
    [
        (TABLE, ".tsv"), (b"sentence\na film\n", ".tsv"), (b"a film\nanother\n", ".txt"), (b"", ".txt"),
        (b'{"text": "a"}\n{"text": "b"}\n', ".jsonl"), (b'{"version": "1.1",\n "data": []}', ".json"),
        (b'[{"text": "a"}]', ".json"), (b"[E1] film\n", ".txt"),
    ],
)  # fmt: skip
def test_without_an_ending_the_first_line_says_what_it_is(tmp_path, content, ending):
    assert plain_file(packed(tmp_path / "x.gz", content)).name == "x" + ending


@pytest.mark.parametrize("content", [TABLE, gzip.compress(TABLE)], ids=["plain", "packed"])
def test_a_pipe_is_read_once_whether_packed_or_not(content):
    reading, writing = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(writing, content), os.close(writing)))
    writer.start()
    found = handed_file(Path(f"/dev/fd/{reading}"))
    writer.join()
    os.close(reading)
    assert found.suffix == ".tsv" and found.read_bytes() == TABLE


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/proc/self/fd/0"])
def test_standard_input_is_read_by_each_of_its_names(name):
    assert in_process("handed_file", name, input=TABLE.decode()).stdout.endswith("input.tsv\n")


def test_nothing_handed_over_is_told():
    told = in_process("handed_file", "-", stdin=subprocess.DEVNULL).stderr
    assert "-: nothing is handed over; write: zcat FILE | tasklab predict ... --file -" in told


def test_the_copy_is_gone_with_the_process(tmp_path):
    copy = in_process("plain_file", str(packed(tmp_path / "a.tsv.gz"))).stdout.strip()
    assert copy.endswith("a.tsv") and not os.path.exists(os.path.dirname(copy))


def test_more_than_is_read_at_once_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match=r"bomb.txt.gz: holds more than the 1000 bytes that are read at once"):
        plain_file(packed(tmp_path / "bomb.txt.gz", b"a" * 2000))


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:15] + b"\xff\xff\xff" + b[18:], lambda b: b[:2]])
def test_damage_is_told(tmp_path, damage):
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(damage(gzip.compress(TABLE)))
    with pytest.raises(DataError, match="a.tsv.gz: damaged, no whole gzip file"):
        plain_file(path)


def test_a_folder_of_text_may_hold_packed_files(tmp_path):
    from tasklab.data.corpus.reading import corpus_files

    packed(tmp_path / "a.txt.gz", b"one\n")
    (tmp_path / "b.txt").write_text("two\n")
    assert [file.read_text() for file in corpus_files(tmp_path)] == ["one\n", "two\n"]


def test_a_vocabulary_is_counted_in_packed_files(tmp_path):
    from tasklab.tools.build_vocabulary import _Lines

    lines = _Lines([packed(tmp_path / "a.txt.gz", b"one\ntwo\n")])
    assert list(lines) == ["one", "two"]
