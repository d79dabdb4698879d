"""Which encoding a text that is not UTF-8 is taken for: sentences as people write them, encoded by Python's codecs."""

import pytest

from tasklab.data.corpus.reading import line_blocks
from tasklab.data.files.encodings import guessed_encodings, without_mark
from tasklab.data.files.problems import BadRows
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import read_text
from tasklab.errors import DataError

WRITTEN = [
    ("cp1252", "text\tlabel\nMüller wohnt hier\tgut\nschöner Tag\tschlecht\n"),
    ("cp1252", "“Hello”, can’t log in — Refund – now €5\n"),
    ("cp1252", "El niño está aquí, señor\n"),
    ("gb18030", "text\tlabel\n今天天气很好\t好\n我不喜欢这个\t坏\n"),
    ("gb18030", "中文"),
    ("big5", "今天天氣很好\t好\n我不喜歡這個\t壞\n"),
    ("cp932", "今日はとても良い天気です\tよい\n"),
    ("euc_jp", "今日はとても良い天気です\tよい\n"),
    ("cp949", "오늘 날씨가 좋습니다\t좋음\n이것은 싫어요\t나쁨\n"),
    ("cp1251", "Привет, как дела\tхорошо\n"),
    ("koi8-r", "Этот фильм мне очень понравился\tхорошо\n"),
    ("cp866", "Скучная книга, не советую\tплохо\n"),
    ("iso8859-5", "Отличная гостиница в центре города\tхорошо\n"),
    ("cp1250", "Příliš žluťoučký kůň"),
    ("cp1254", "Güzel bir gün, teşekkür ederim\n"),
]


@pytest.mark.parametrize("encoding, text", WRITTEN)
def test_the_encoding_in_which_a_text_reads_well_comes_first(encoding, text):
    assert guessed_encodings(text.encode(encoding))[0][0] == encoding


def test_the_message_shows_how_the_text_reads_and_both_remedies(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes("text\tlabel\nMüller wohnt hier\tgut\n".encode("cp1252"))
    with pytest.raises(DataError) as error:
        list(Table(path))
    assert str(error.value) == (
        f"{path}: byte 12: not UTF-8; in cp1252 it reads 'Müller wohnt hier': "
        "convert it with: iconv -f CP1252 -t UTF-8, or set data.encoding=cp1252"
    )


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_a_named_encoding_is_read_by_every_reader(tmp_path, encoding):
    path = tmp_path / "t.tsv"
    path.write_bytes("text\tlabel\nMüller\tgut\n".encode(encoding))
    assert [row for _, row in Table(path, encoding=encoding)] == [{"text": "Müller", "label": "gut"}]
    assert read_text(path, encoding).endswith("Müller\tgut\n")
    assert next(line_blocks(path, BadRows("t"), encoding)) == ["Müller"]  # of the table, the column of texts
    plain = path.rename(tmp_path / "t.txt")
    assert next(line_blocks(plain, BadRows("t"), encoding)) == ["text\tlabel", "Müller\tgut"]


def test_a_wrong_encoding_is_told(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes("text\nMüller ÿ\n".encode("cp1252"))
    with pytest.raises(DataError, match="is not cp932 .*, as data.encoding says"):
        list(Table(path, encoding="cp932"))


@pytest.mark.parametrize("text", ["text\tlabel\na\tb\n", "中文\t好\n今天天气很好\t好\n"])
def test_utf_16_without_its_mark_is_known_by_its_zeros(tmp_path, text):
    path = tmp_path / "t.tsv"
    for encoding in ("utf-16-le", "utf-16-be"):
        assert without_mark(text.encode(encoding)) == encoding
        path.write_bytes(text.encode(encoding))
        with pytest.raises(DataError, match=f"without the mark .*data.encoding={encoding}"):
            list(Table(path))
    assert without_mark(text.encode()) == "" and without_mark(b"one \0 zero\nmore\n") == ""
