"""A sheet of an Excel workbook as a CSV, which every reader takes (Office Open XML; read with openpyxl)."""

import logging
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from tasklab.data.files.foreign import foreign_kind
from tasklab.data.files.problems import listed
from tasklab.errors import DataError, MissingDependency

logger = logging.getLogger("tasklab")

SUFFIXES = (".xlsx", ".xlsm")
MOST = 256 << 20  # bytes of XML, which mostly lies in memory as objects of several times the size
MOST_ROWS, MOST_CELLS = 1 << 20, 50_000_000  # Excel's own limit of rows; cells with the empty ones between others
BLOCK = 1 << 20
TYPE = (b"<!DOCTYPE", b"<\0!\0D\0O", b"\0<\0!\0D")
"""What may declare entities, in UTF-8 and UTF-16: no program writes it into a workbook, and entities multiply."""
QUOTED = re.compile(r'[,;\t|"\r\n]')
ODD = re.compile(r"[^\w .-]")
REMEDY = "save the sheet as CSV UTF-8"
DAMAGE = (
    OSError, EOFError, zlib.error, zipfile.BadZipFile, SyntaxError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
"""What openpyxl and what it uses raise for damaged files."""


def is_workbook(path) -> bool:
    """Whether the name says so."""
    return Path(path).suffix.lower() in SUFFIXES


def write_csv(path: Path, folder: Path) -> Path:
    """Writes the first visible sheet to a file in a folder with the workbook's name, both new in `folder`: places in it
    then read as workbook and sheet.

    Formulas are read as the values that Excel kept, dates as 2026-01-31 or 2026-01-31 12:30:00, numbers with the 15
    digits that Excel has. Cells behind the width of the first row and rows behind the last filled one are left out
    where they are blank.
    Raises: MissingDependency; DataError for damage, and for more than MOST bytes of XML.
    """
    try:
        import openpyxl
    except ImportError:
        remedy = 'pip install openpyxl (or "tasklab[excel]")'
        raise MissingDependency(f"{path}: an Excel workbook: {remedy}, or {REMEDY}") from None
    try:
        _refuse_bombs(path)
        with warnings.catch_warnings(), open(path, "rb") as file:
            warnings.simplefilter("ignore")  # of pictures, styles and checks that nobody needs here
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = next((s for s in book.worksheets if s.sheet_state == "visible"), None) or book.worksheets[0]
            sheet.reset_dimensions()  # other programs write wrong ones
            target = folder / path.name / (ODD.sub("_", sheet.title)[:80] + ".csv")
            target.parent.mkdir()
            count = _write(target, _filled(path, sheet.iter_rows(values_only=True)))
            others = [s.title for s in book.worksheets if s.title != sheet.title]
    except DAMAGE as error:
        why = str(error).partition("\n")[0][:200] or type(error).__name__
        if isinstance(error, zipfile.BadZipFile):
            with open(path, "rb") as file:
                why = foreign_kind(file.read(BLOCK), path).partition(";")[0] or "its content is that of no workbook"
        raise DataError(f"{path}: cannot be read as an Excel workbook ({why}); open it and {REMEDY}") from None
    more = f"; not read: {listed(others)}" if others else ""
    logger.info("%s: sheet %s, %d rows%s", path, sheet.title, count, more)
    return target


def _refuse_bombs(path: Path):
    """Raises DataError for XML of more than MOST bytes in all, or with a document type, before any of it is parsed."""
    with zipfile.ZipFile(path) as archive:
        members = [part for part in archive.infolist() if part.filename.endswith((".xml", ".rels"))]
        if sum(part.file_size for part in members) > MOST:  # no more of a part is ever unpacked than its size says
            raise DataError(f"{path}: unpacks to more than {MOST >> 20} MiB of XML; {REMEDY}")
        for part in members:
            with archive.open(part) as file:
                end = b""
                while block := file.read(BLOCK):
                    if any(sign in end + block for sign in TYPE):
                        raise DataError(f"{path}: {part.filename} declares a document type, as no workbook does")
                    end = block[-len(TYPE[0]) :]


def _filled(path: Path, rows: Iterator[Sequence]) -> Iterator[list[str]]:
    """The rows as texts, with blank ones between others, all at least as wide as the first."""
    width = blank = cells = 0
    for number, row in enumerate(rows, start=1):
        cells += len(row)
        if number > MOST_ROWS or cells > MOST_CELLS:
            raise DataError(f"{path}: has more than {MOST_ROWS} rows or {MOST_CELLS} cells; {REMEDY}")
        shown = [_shown(value) for value in row]
        while shown and not shown[-1].strip():
            shown.pop()
        if not shown:
            blank += 1
            continue
        width = width or len(shown)
        yield from ([""] for _ in range(blank))
        blank = 0
        yield shown + [""] * (width - len(shown))


def _write(target: Path, rows: Iterator[list[str]]) -> int:
    """Cells in quotes where they hold what may separate others: the first line shows what does. Returns rows."""
    count = 0
    with open(target, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        for row in rows:
            cells = ('"' + cell.replace('"', '""') + '"' if QUOTED.search(cell) else cell for cell in row)
            file.write(",".join(cells) + "\n")
            count += 1
    return count


def _shown(value) -> str:
    """A cell as Excel shows it without a format of its own."""
    from openpyxl.utils.escape import unescape

    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        value = (value + timedelta(milliseconds=500)).replace(microsecond=0)  # Excel counts days in a float
        return str(value.date() if value.time() == time() else value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return unescape(value) if isinstance(value, str) else str(value)
