"""Text and JSON from files people have: every way in which one cannot be read is told with its place and a remedy."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tasklab.content import parse_json
from tasklab.data.files.encodings import JUDGED, guessed_encodings, without_mark
from tasklab.data.files.foreign import foreign_kind, unmarked
from tasklab.errors import DataError

MAX_BYTES = 2 << 30
NAMED = 12  # files shown when the wanted one is absent
MARK = "\ufeff"


def read_text(path, encoding: str | None = None) -> str:
    """The text of a file in UTF-8, with or without a byte order mark, or in what data.encoding names.

    Line ends of \\r alone, as old programs write them, become \\n where there is no other.
    Raises: DataError.
    """
    path = _existing(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{path}: {size} bytes, more than the {MAX_BYTES} that are read at once; split the file")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    text = _decoded(path, content, 0, encoding)
    return text if "\n" in text else text.replace("\r", "\n")


def text_lines(path, encoding: str | None = None) -> Iterator[str]:
    """The lines of a file of any size, one at a time; they end at \\n, which stays, or at \\r where there is no \\n.

    Raises: DataError as `read_text` does, at the first line when there is no such file.
    """
    path = _existing(path)
    try:
        with open(path, "rb") as file:
            lines = _utf8_lines(path, file) if encoding is None else _coded_lines(path, file, encoding)
            first = next(lines, "")
            yield from [first] if first.endswith("\n") else io.StringIO(first, newline=None)
            yield from lines
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def read_json(path, encoding: str | None = None):
    """The value in a JSON file. Raises DataError with line, column and character."""
    text = read_text(path, encoding)
    if not text.strip():
        raise DataError(f"{path}: is empty; expected JSON")
    more = "; a file with one JSON value per line must be named .jsonl"
    return parse_json(text, str(path), DataError, more)


def encodable(text: str) -> bool:
    """Whether the text can be written as UTF-8; half of a surrogate pair cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def neighbours(path: Path) -> str:
    """What is in the nearest folder that exists: helps against a wrong name."""
    folder = path if path.is_dir() else next((p for p in path.parents if p.is_dir()), Path("."))
    try:
        names = sorted(p.name + ("/" if p.is_dir() else "") for p in folder.iterdir())
    except OSError as error:
        return f"{folder} cannot be listed ({error.strerror})"
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return f"{folder} holds {listed or 'nothing'}"


def _existing(path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: {'not a file' if path.exists() else 'no such file'}; {neighbours(path)}")
    return path


def _utf8_lines(path: Path, file: BinaryIO) -> Iterator[str]:
    offset = 0
    for line in file:
        yield _decoded(path, line, offset)
        offset += len(line)


def _coded_lines(path: Path, file: BinaryIO, encoding: str) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(io.TextIOWrapper(file, encoding, newline="\n"), start=1):
            yield line.removeprefix(MARK) if number == 1 else line
    except (UnicodeError, LookupError) as error:
        raise DataError(f"{path}: behind line {number}: {_not_so(encoding, error)}") from None


def _decoded(path: Path, content: bytes, offset: int, encoding: str | None = None) -> str:
    """The text of a whole file, or of the part of it that begins at byte `offset`."""
    if encoding is not None:
        try:
            return content.decode(encoding).removeprefix(MARK)
        except (UnicodeError, LookupError) as error:
            raise DataError(f"{path}: {_not_so(encoding, error)}") from None
    if offset == 0 and (foreign := foreign_kind(content, path)):
        raise DataError(f"{path}: byte 0: {foreign}")
    try:
        return content.decode("utf-8" if offset else "utf-8-sig")
    except UnicodeDecodeError as error:
        at = offset + error.start
        raise DataError(f"{path}: byte {at}: not UTF-8{encoding_advice(_around(path, at))}") from None


def _around(path: Path, offset: int) -> bytes:
    """Some of the file from there on, with all that stands before it where that is not much."""
    with open(path, "rb") as file:
        file.seek(offset if offset > JUDGED else 0)
        return file.read(2 * JUDGED)


def _not_so(encoding: str, error: UnicodeError | LookupError) -> str:
    if isinstance(error, LookupError):
        return f"data.encoding {encoding!r} is no encoding of text; known are utf-8, cp1252, gb18030, utf-16, ..."
    return f"is not {encoding} ({getattr(error, 'reason', error)}), as data.encoding says; set the right one"


def encoding_advice(content: bytes) -> str:
    """What to do about bytes that are not UTF-8, as the end of a message; empty when they fit no other encoding."""
    if b"\0" in content and (name := without_mark(content)):
        return f"; {unmarked(name)}"
    guesses = guessed_encodings(content)
    if not guesses:
        return "; set data.encoding to what it is written in"
    (name, text), others = guesses[0], [f"{other} {shown!r}" for other, shown in guesses[1:] if shown != guesses[0][1]]
    besides = f" (or in {', or in '.join(others)})" if others else ""
    remedy = f"convert it with: iconv -f {name.upper()} -t UTF-8, or set data.encoding={name}"
    return f"; in {name} it reads {text!r}{besides}: {remedy}"
