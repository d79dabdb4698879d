"""Files of other programs that people hand over as data: what each is called, and how it becomes one."""

import zipfile
from pathlib import Path

from tasklab.data.files.encodings import JUDGED, without_mark

ENDINGS = (".xls", ".ods", ".numbers", ".doc", ".docx", ".odt", ".rtf", ".pdf", ".pptx", ".zip", ".7z", ".rar")
"""Names of such files: as an input they are never meant as a text."""
UTF_16 = "UTF-16, not UTF-8; convert it with: iconv -f UTF-16 -t UTF-8, or set data.encoding=utf-16"
ZIP = b"PK\x03\x04"
SHEET, PAGES = "save the sheet as CSV UTF-8", "save it as plain text in UTF-8, or a table in it as CSV UTF-8"
SIGNS = {
    b"\xff\xfe": UTF_16,
    b"\xfe\xff": UTF_16,
    b"\x1f\x8b": "compressed with gzip; unpack it with: gunzip",
    b"BZh": "compressed with bzip2; unpack it with: bunzip2",
    b"\xfd7zXZ": "compressed with xz; unpack it with: unxz",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard; unpack it with: unzstd",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"PAR1": "Parquet; name it .parquet",
    ZIP: "a zip archive; unpack it",
    b"\xd0\xcf\x11\xe0": f"an old Office file (.xls, .doc), or one with a password; {SHEET}, or as .xlsx",
    b"ARROW1": "Arrow; name it .arrow",
    b"%PDF-": "a PDF; save its text in UTF-8, for example with: pdftotext -layout FILE.pdf",
    b"x\x9c": "compressed with zlib, as spaCy's DocBin; write json.dumps(doc.to_json()) of each one to a .jsonl",
    b"{\\rtf": f"an RTF document; {PAGES}",
    b"SQLite format 3": "an SQLite database; export the table as CSV UTF-8",
}
"""How files begin that are no text in UTF-8, and what to do about each."""
INSIDE = {
    "xl/": f"an Excel workbook; name it .xlsx, or {SHEET}",
    "word/": f"a Word document; {PAGES}",
    "ppt/": f"a PowerPoint presentation; {PAGES}",
    "Index/": f"a document of Numbers or Pages; {SHEET}",
}
"""What a folder in a zip archive says of it."""
OPEN_DOCUMENT = {
    "spreadsheet": f"an OpenDocument spreadsheet; {SHEET}, or as .xlsx",
    "text": f"an OpenDocument text; {PAGES}",
}


def foreign_kind(content: bytes, path: Path) -> str:
    """What the file at `path` is, which begins so, and what to do, where that is no UTF-8 text for certain; else ''."""
    if content.startswith(ZIP) and (kind := _kind_of_archive(path)):
        return kind
    for sign, note in SIGNS.items():
        if content.startswith(sign):
            return note
    if b"\0" in content[:JUDGED] and (name := without_mark(content)):
        return unmarked(name)
    return ""


def unmarked(name: str) -> str:
    """The same of UTF-16 that lacks its mark; name: its byte order."""
    missing = f"{name.upper()} without the mark that should begin it, not UTF-8"
    return f"{missing}; convert it with: iconv -f {name.upper()} -t UTF-8, or set data.encoding={name}"


def _kind_of_archive(path: Path) -> str:
    """'' where no program is known by it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return ""
    open_kind = next((note for name, note in OPEN_DOCUMENT.items() if kind.endswith(f"opendocument.{name}")), "")
    return open_kind or next((note for folder, note in INSIDE.items() if any(n.startswith(folder) for n in names)), "")
