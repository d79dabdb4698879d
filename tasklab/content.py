"""What is in small files that others may have written: regular ones only, bounded before they are read."""

import json
import os
import stat
from pathlib import Path

from tasklab.errors import TasklabError

SMALL = 64 << 20
"""Bytes of a description, a vocabulary, a list of names; data files are larger and have readers of their own."""
MAX_DEPTH = 100
"""Lists and objects in one another; what shows or copies a value goes down as deep as it is."""


def open_regular(path):
    """A file opened for reading bytes. Raises: OSError, for a pipe or a device too, which might never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # NONBLOCK: a pipe without a writer waits
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


def read_json(path, raises: type[TasklabError], limit: int = SMALL):
    """The value in a JSON file. Raises: `raises` with the file, and line and column where there are any."""
    try:
        text = read_content(path, limit).decode("utf-8-sig")
    except FileNotFoundError:
        raise raises(f"{path}: missing") from None
    except OSError as error:
        raise raises(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise raises(f"{path}: byte {error.start}: not UTF-8, so no JSON; save it as UTF-8") from None
    return parse_json(text, str(path), raises)


def parse_json(text: str, place: str, raises: type[TasklabError]):
    """The value of a JSON text. Raises: `raises`, its message begins with `place`."""
    try:
        value = json.loads(text)
        if too_deep(value):
            raise RecursionError
        return value
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} (character {error.pos})"
        raise raises(f"{place}: not JSON at {where}: {error.msg}") from None
    except RecursionError:
        raise raises(f"{place}: nested more than {MAX_DEPTH} deep; expected plain JSON") from None
    except ValueError as error:  # a number of thousands of digits
        raise raises(f"{place}: not JSON that can be read: {error}") from None


def too_deep(value) -> bool:
    """Whether lists and dicts lie in one another more than MAX_DEPTH deep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list)))
        level = [item for items in inner for item in items if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def from_home(path) -> Path:
    """The path with ~ and ~user put out; ~ of nobody stays, and there is no such file."""
    return Path(os.path.expanduser(path))
