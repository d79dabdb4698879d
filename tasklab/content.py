"""What is in small files that others may have written, and the one reader of JSON: regular files only, all bounded."""

import contextlib
import json
import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from tasklab.system import AS_IT_IS

SMALL = 64 << 20
"""Bytes of a description, a vocabulary, a list of names; data files are larger and have readers of their own."""
MAX_DEPTH = 100
"""Lists and objects in one another; what shows or copies a value goes down as deep as it is."""


def open_regular(path):
    """A file opened for reading bytes. Raises: OSError, for a pipe or a device too, which might never end."""
    handle = os.open(path, os.O_RDONLY | AS_IT_IS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "not a regular file", str(path))
    return os.fdopen(handle, "rb")


def read_content(path, limit: int = SMALL) -> bytes:
    """The bytes of a small file. Raises: OSError, also for one of more than `limit` bytes."""
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(None, f"more than {limit} bytes, so it is not what it should be", str(path))
    return content


def read_json(path, raises: type[Exception], limit: int = SMALL):
    """The value in a JSON file. Raises: `raises` with the file, and line and column where there are any."""
    try:
        content = read_content(path, limit)
    except FileNotFoundError:
        raise raises(f"{path}: missing") from None
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        raise raises(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return parse_json(content, str(path), raises)


def parse_json(text: str | bytes, place: str, raises: type[Exception], more: str = ""):
    """The value of a JSON text, or of its bytes in UTF-8. Raises: `raises`, its message begins with `place`.

    more: what to do where the text goes on behind the value, the end of that message.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise raises(f"{place}: byte {error.start}: not UTF-8, so no JSON; save it as UTF-8") from None
    return _bounded(lambda: (json.loads(text), len(text)), place, raises, more)[0]


def json_at(text: str, start: int, place: str, raises: type[Exception]) -> tuple[object, int]:
    """The value that begins at this character, and where it ends; more may stand behind it. Raises: as above."""
    return _bounded(lambda: json.JSONDecoder().raw_decode(text, start), place, raises)


def _bounded(read: Callable, place: str, raises: type[Exception], more: str = "") -> tuple[object, int]:
    try:
        value, end = read()
        if _too_deep(value):
            raise RecursionError
        return value, end
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} (character {error.pos})"
        hint = more if error.msg == "Extra data" else ""
        raise raises(f"{place}: not JSON at {where}: {error.msg}{hint}") from None
    except RecursionError:
        raise raises(f"{place}: nested more than {MAX_DEPTH} deep; expected plain JSON") from None
    except ValueError as error:  # a number of thousands of digits
        raise raises(f"{place}: not JSON that can be read: {str(error).partition(';')[0]}") from None


def _too_deep(value) -> bool:
    """Whether lists and dicts lie in one another more than MAX_DEPTH deep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list)))
        level = [item for items in inner for item in items if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def from_home(path) -> Path:
    """The path with ~ and ~user put out; ~ of nobody stays, and there is no such file.

    Where nothing is there, but a name that only other code points write (macOS takes an ö apart), that is meant.
    """
    expanded = Path(os.path.expanduser(path))
    if str(expanded).isascii() or os.path.exists(expanded):
        return expanded
    composed = unicodedata.normalize("NFC", expanded.name)
    with contextlib.suppress(OSError):
        same = (name for name in os.listdir(expanded.parent) if unicodedata.normalize("NFC", name) == composed)
        return expanded.with_name(next(same, expanded.name))
    return expanded
