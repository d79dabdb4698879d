"""Plain text line by line out of files that may be larger than memory; lines that cannot be read keep their place."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files import arrow
from tasklab.data.files.cells import as_text
from tasklab.data.files.columns import TEXT_A, find_column, refuse_columns, taken_as, tell_columns
from tasklab.data.files.foreign import foreign_kind
from tasklab.data.files.portions import in_portions
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import encodable, encoding_advice, neighbours, text_lines
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError

BLOCK = 1 << 18  # bytes read, and characters encoded, at a time: memory and processor caches stay small
LINES = 1000  # at a time where a file names its encoding
MAX_LINE = 16 << 20  # bytes
FIX = "correct the line"


def corpus_files(path) -> list[Path]:
    """The file, or the .txt and .txt.gz files of the folder by name. Raises DataError."""
    path = from_home(path)
    files = sorted(chain(path.glob("*.txt"), path.glob("*.txt.gz"))) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        message = "no .txt file in it" if path.is_dir() else "no such file"
        raise DataError(f"{path}: {message}; {neighbours(path)}")
    return [plain_file(file) for file in files]


def is_table(path: Path) -> bool:
    """Whether a file has columns, of which one holds the text, by its name."""
    return path.suffix in SUFFIXES and path.suffix != ".txt" or arrow.is_arrow(path)


def line_blocks(
    path: Path, bad: BadRows, encoding: str | None = None, column: str | None = None
) -> Iterator[list[str]]:
    """Lists of some hundred lines, in order, without line ends and blanks around them; a blank line is "".

    encoding: None is UTF-8.   column: of a table, whose cells may hold several lines; None looks for a usual name.

    A line that is not UTF-8 or holds NUL goes to `bad` and is left out.
    Raises: DataError for a file that is none of text, a line of more than MAX_LINE bytes, a column of plain text.
    """
    if is_table(path):
        yield from in_portions(_of_table(path, bad, encoding, column), LINES)
        return
    refuse_columns(path, {"text_a": column})
    if encoding is not None:
        yield from in_portions((line.strip() for line in text_lines(path, encoding)), LINES)
        return
    number = 1  # of the first line in `rest`
    rest = b""
    try:
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                if number == 1 and not rest:
                    block = _begun(path, block)
                whole, newline, rest = (rest + block).rpartition(b"\n")
                if newline:
                    lines = whole.split(b"\n")
                    yield _decoded(path, number, lines, bad)
                    number += len(lines)
                elif len(rest) > MAX_LINE:
                    raise DataError(
                        f"{path}:{number}: the line has more than {MAX_LINE >> 20} MiB; "
                        "give every sentence or paragraph a line of its own"
                    )
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    if rest:
        yield _decoded(path, number, rest.split(b"\r") if number == 1 else [rest], bad)  # \r alone: an old line end


def _of_table(path: Path, bad: BadRows, encoding: str | None, column: str | None) -> Iterator[str]:
    """The lines of the texts of a table."""
    table = Table(path, encoding=encoding, bad=bad)
    table.nameable = False
    column = find_column(table, "text_a", column, TEXT_A)
    tell_columns(str(path), taken_as({"text_a": column}, table.columns))
    for place, row in table:
        value = as_text(row.get(column))
        if isinstance(value, str) and encodable(value):
            yield from (line.strip() for line in value.splitlines())
        else:
            bad.add("no text", f"{place}: {column!r} is {shortened(str(value))}, expected text", FIX)


def _begun(path: Path, block: bytes) -> bytes:
    """The first block without a byte order mark. Raises DataError for what is no UTF-8 text."""
    if kind := foreign_kind(block, path):
        raise DataError(f"{path}: byte 0: {kind}")
    return block.removeprefix(b"\xef\xbb\xbf")


def _decoded(path: Path, first: int, lines: list[bytes], bad: BadRows) -> list[str]:
    joined = b"\n".join(lines)
    if b"\0" not in joined:
        try:
            return [line.strip() for line in joined.decode().split("\n")]
        except UnicodeDecodeError:
            pass  # some line is wrong: look at each
    return [text for n, line in enumerate(lines, start=first) if (text := _line(line, f"{path}:{n}", bad)) is not None]


def _line(line: bytes, place: str, bad: BadRows) -> str | None:
    try:
        text = line.decode().strip()
    except UnicodeDecodeError as error:
        message = f"byte {error.start} of the line is {line[error.start]:#04x}, not UTF-8"
        advice = encoding_advice(line).removeprefix("; ")
        bad.add("not UTF-8", f"{place}: {message} ({advice})", FIX)
        return None
    if "\0" in text:
        bad.add("NUL", f"{place}: {shortened(text)} holds NUL, which is no character of a text", FIX)
        return None
    return text
