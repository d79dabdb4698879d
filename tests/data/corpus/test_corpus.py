"""Lines of text files: complete, in order, and every one that cannot be read told with its place."""

import pytest

from tasklab.data.corpus import reading
from tasklab.data.corpus.reading import corpus_files, line_blocks
from tasklab.data.files.problems import BadRows
from tasklab.errors import DataError, MissingColumns


def lines_of(path, bad=None):
    return [line for block in line_blocks(path, BadRows("x") if bad is None else bad) for line in block]


def write(folder, content: bytes, name="c.txt"):
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("block", [3, 7, 1 << 18])
def test_every_line_comes_once_whatever_the_size_of_a_block(tmp_path, monkeypatch, block):
    monkeypatch.setattr(reading, "BLOCK", block)
    path = write(tmp_path, "\ufeffäpfel \r\n\n  zwei\u2028drei\nend".encode())
    assert lines_of(path) == ["äpfel", "", "zwei\u2028drei", "end"]
    assert lines_of(write(tmp_path, b"a\nb\n")) == ["a", "b"]
    assert lines_of(write(tmp_path, b"")) == []


def test_bad_lines_are_told_with_file_and_line(tmp_path):
    # \xed\xa0\x80 spells half of a surrogate pair, which is no character
    path = write(tmp_path, b"fine\nbr\xfcn\nnul\0here\n\xed\xa0\x80\nfine too\n")
    bad = BadRows(str(path))
    assert lines_of(path, bad) == ["fine", "fine too"]
    assert bad.first[0].message.startswith(f"{path}:2: byte 2 of the line is 0xfc, not UTF-8 (in cp1252 it reads")
    assert bad.first[1].message == f"{path}:3: 'nul\\x00here' holds NUL, which is no character of a text"
    assert bad.first[2].message.startswith(f"{path}:4: byte 0 of the line is 0xed, not UTF-8")
    assert bad.first[0].message.endswith("or set data.encoding=cp1252)") and bad.first[0].remedy == "correct the line"
    with pytest.raises(DataError, match=r"3 problems: not UTF-8 \(2\), NUL \(1\)"):
        bad.raise_if_fatal()


@pytest.mark.parametrize("content, told", [
    (b"\xff\xfea\0", "byte 0: UTF-16, not UTF-8; convert it with: iconv"), (b"\x1f\x8b..", "compressed with gzip"),
])  # fmt: skip
def test_what_is_no_text_is_told_by_its_first_bytes(tmp_path, content, told):
    with pytest.raises(DataError, match=told):
        lines_of(write(tmp_path, content))


def test_a_line_without_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 10)
    monkeypatch.setattr(reading, "MAX_LINE", 100)
    path = write(tmp_path, b"short\n" + b"x" * 200)
    with pytest.raises(DataError, match=f"{path}:2: the line has more than 0 MiB; give every sentence or paragraph a"):
        lines_of(path)


def test_a_folder_means_its_text_files_by_name(tmp_path):
    write(tmp_path, b"", "b.txt"), write(tmp_path, b"", "a.txt"), write(tmp_path, b"", "readme.md")
    assert [path.name for path in corpus_files(tmp_path)] == ["a.txt", "b.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no .txt file in it"):
        corpus_files(tmp_path / "empty")
    with pytest.raises(DataError, match="no such file; .* holds a.txt, b.txt, empty/, readme.md"):
        corpus_files(tmp_path / "c.txt")


def test_a_table_gives_the_lines_of_its_texts(tmp_path):
    (tmp_path / "t.csv").write_text('id,text\n1,"one\n two"\n2,three\n')
    assert lines_of(tmp_path / "t.csv") == ["one", "two", "three"]
    (tmp_path / "t.csv").write_text("id,text\n1,one,more\n2,two\n")
    bad = BadRows("x")
    assert lines_of(tmp_path / "t.csv", bad) == ["two"]
    assert "t.csv:2: has 3 cells instead of 2" in bad.first[0].message
    (tmp_path / "u.tsv").write_text("id\tnote\n1\tone\n")
    blocks = line_blocks(tmp_path / "u.tsv", BadRows("x"), column="note")
    assert [line for block in blocks for line in block] == ["one"]
    with pytest.raises(MissingColumns) as caught:
        lines_of(tmp_path / "u.tsv")
    assert caught.value.settings == ["data.text_a=note"] and "data.columns" not in str(caught.value)  # it has none


def test_a_column_of_plain_text_is_refused_by_name(tmp_path):
    (tmp_path / "a.txt").write_text("one\n")
    with pytest.raises(DataError, match=r"a\.txt: is read as plain text, .*'body', as data\.text_a says; take it out"):
        next(line_blocks(tmp_path / "a.txt", BadRows("x"), column="body"))
