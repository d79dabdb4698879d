"""Text and JSON from files people have: every way in which one cannot be read is told with its place and a remedy."""

import json
from collections.abc import Iterator
from pathlib import Path

from tasklab.errors import DataError

MAX_BYTES = 2 << 30
NAMED = 12  # files shown when the wanted one is absent


def read_text(path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark. Raises DataError."""
    path = _existing(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{path}: {size} bytes, more than the {MAX_BYTES} that are read at once; split the file")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return _decoded(path, content, 0)


def text_lines(path) -> Iterator[str]:
    """The lines of a UTF-8 file of any size, one at a time; they end at \\n only, which stays.

    Raises: DataError as `read_text` does, at the first line when there is no such file.
    """
    path, offset = _existing(path), 0
    try:
        with open(path, "rb") as file:
            for line in file:
                yield _decoded(path, line, offset)
                offset += len(line)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def read_json(path):
    """The value in a JSON file. Raises DataError with line, column and character."""
    text = read_text(path)
    if not text.strip():
        raise DataError(f"{path}: is empty; expected JSON")
    return parse_json(text, str(path))


def parse_json(text: str, place: str):
    """The value of a JSON text; `place` begins the message of the DataError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} (character {error.pos})"
        lines = "; a file with one JSON value per line must be named .jsonl" if error.msg == "Extra data" else ""
        raise DataError(f"{place}: not JSON at {where}: {error.msg}{lines}") from None
    except RecursionError:
        raise DataError(f"{place}: nested too deeply to be a data file") from None
    except ValueError as error:  # a number of thousands of digits
        raise DataError(f"{place}: not JSON that can be read: {error}") from None


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


def _decoded(path: Path, content: bytes, offset: int) -> str:
    """The text of a whole file, or of the part of it that begins at byte `offset`."""
    if offset == 0 and content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}: byte 0: UTF-16, not UTF-8; convert it with: iconv -f UTF-16 -t UTF-8")
    if offset == 0 and content[:2] == b"\x1f\x8b":
        raise DataError(f"{path}: byte 0: compressed with gzip; unpack it with: gunzip")
    if offset == 0 and content[:4] == b"PAR1":
        raise DataError(f"{path}: byte 0: Parquet; here it has to be text, such as JSON lines (pandas: to_json)")
    try:
        return content.decode("utf-8" if offset else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {offset + error.start}: not UTF-8{guessed_encoding(content)}") from None


def guessed_encoding(content: bytes) -> str:
    """What to do about bytes that are not UTF-8, as the end of a message; empty when they fit no other encoding."""
    for encoding, name in (("gb18030", "GB18030"), ("cp1252", "CP1252")):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f"; it may be {name}{' (GBK)' if name == 'GB18030' else ''}: convert it with: iconv -f {name} -t UTF-8"
    return ""
