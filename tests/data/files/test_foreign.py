"""Files of other programs are called by their names, whatever they are named after."""

import zipfile
import zlib

import pytest

from tasklab.data.files.inputs import Inputs
from tasklab.data.files.textfile import read_text, text_lines
from tasklab.errors import DataError

WRITTEN = {
    "t.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "an old Office file (.xls, .doc), or one with a"),
    "t.pdf": (b"%PDF-1.7\n\xe2\xe3\n", "a PDF; save its text in UTF-8, for example with: pdftotext -layout FILE.pdf"),
    "t.rtf": (b"{\\rtf1\\ansi hello}", "an RTF document; save it as plain text in UTF-8"),
    "t.tsv.xz": (b"\xfd7zXZ\0\0", "compressed with xz; unpack it with: unxz"),
    "t.spacy": (zlib.compress(b"\x81"), "compressed with zlib, as spaCy's DocBin; write json.dumps(doc.to_json())"),
    "t.db": (b"SQLite format 3\0", "an SQLite database; export the table as CSV UTF-8"),
    "t.csv": (b"PAR1\0\0", "Parquet; name it .parquet"),
}
PACKED = {
    "t.docx": ("word/document.xml", "a Word document"),
    "u.csv": ("xl/workbook.xml", "an Excel workbook; name it .xlsx"),
    "t.pptx": ("ppt/x.xml", "a PowerPoint presentation"), "t.numbers": ("Index/Document.iwa", "of Numbers or Pages"),
    "t.zip": ("train.csv", "a zip archive; unpack it"),
}  # fmt: skip


def told(path) -> str:
    with pytest.raises(DataError) as whole:
        read_text(path)
    with pytest.raises(DataError) as lines:
        list(text_lines(path))
    assert str(whole.value) == str(lines.value)
    return str(whole.value).removeprefix(f"{path}: byte 0: ")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_is_known_by_how_it_begins(tmp_path, name):
    content, said = WRITTEN[name]
    (tmp_path / name).write_bytes(content)
    assert told(tmp_path / name).startswith(said)


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_is_known_by_what_is_in_it(tmp_path, name):
    part, said = PACKED[name]
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr(part, "<x/>")
    assert said in told(tmp_path / name)


@pytest.mark.parametrize("kind, said", [("spreadsheet", "an OpenDocument spreadsheet; save the sheet as CSV UTF-8"),
                                        ("text", "an OpenDocument text; save it as plain text")])  # fmt: skip
def test_an_open_document_says_what_it_is(tmp_path, kind, said):
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<x/>")
    assert told(tmp_path / "t.ods").startswith(said)


def test_such_a_file_is_no_text_to_be_answered(tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7\n")
    assert Inputs("").file("report.pdf") == Inputs("", (".txt",)).file("report.pdf")
    assert Inputs("").file("report.pdf").name == "report.pdf" and Inputs("").file("missing.pdf") is None
