"""Where results go: looked at before the work whose results they are."""

import contextlib
import os
from pathlib import Path

from tasklab.content import from_home
from tasklab.errors import DataError
from tasklab.system import why_unwritten


def file_place(path) -> Path:
    """The path of a file to be written, ~ understood, its folder made. Raises DataError where none can be written."""
    place = from_home(path)
    if place.is_dir():
        raise DataError(f"{path}: is a folder; name a file in it, such as {place / 'answers.json'}")
    folder_place(place.parent, path)
    if place.exists() and not os.access(place, os.W_OK):
        raise DataError(f"{path}: may not be written over; name another file")
    return place


def folder_place(path, asked=None) -> Path:
    """A folder that results can be written into, ~ understood, made where it is not there.

    asked: what the message names. Raises: DataError where it cannot be made or takes no file.
    """
    if not str(path).strip():
        raise DataError(f"{str(path)!r} names no folder to write into; name one, such as report")
    place = from_home(path)
    probe = place / f".{os.getpid()}.probe"
    try:
        place.mkdir(parents=True, exist_ok=True)
        probe.touch()  # rights, read-only disks and quotas answer alike only when asked so
    except OSError as error:
        what = why_unwritten(error, probe)
        raise DataError(f"{asked or path}: cannot be written ({what}); choose another place") from None
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return place
