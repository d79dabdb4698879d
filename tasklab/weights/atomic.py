"""Writes a whole folder or nothing: filled aside, synced, and put in place in one step."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError
from tasklab.system import keeps_more_files, why_unwritten
from tasklab.weights.owner import has_ended, own_tag
from tasklab.weights.sums import SUMS, name_within

logger = logging.getLogger("tasklab")

SWAP_SECONDS = 60
"""The two renames of a swap follow one another at once: who has not made the second by then never will."""


def write_folder(path, files: dict[str, bytes | Callable[[Path], None]]) -> Path:
    """Makes `path` hold exactly `files` and their SHA256SUMS.

    files: plain name, or one in a folder of its own (`1_Pooling/config.json`) -> bytes, or a function that writes the
        file at the path it is given; its attribute `nbytes`, where it has one, is the size to expect.
    Killed at any moment, `path` is the old folder or the new one, complete; what a killed run left beside it is
    removed by the next write.
    Raises: CheckpointError when the disk is full (the old folder stays as it was), cannot be written, or a name is
        not plain.
    """
    path = Path(os.path.abspath(path))
    for name in files:
        if name_within(name, path) == SUMS:
            raise CheckpointError(f"{path}: {SUMS} is written by itself")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        remove_left_overs(path)
        if _expected(files) > shutil.disk_usage(path.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        aside = beside(path, "tmp")
        try:
            _fill(aside, files)
            _put_in_place(aside, path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)  # after a swap: the old folder
        _sync(path.parent)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise CheckpointError(f"{path}: cannot be written ({error}); choose another folder") from error
        free = shutil.disk_usage(path.parent).free
        lacks = f"no space left on the disk: {free} bytes are free, {_expected(files)} are needed"
        count = len(files) + 2  # and the folder, and the list of checksums
        if free > 2 * _expected(files) and not keeps_more_files(path.parent, count):
            lacks = why_unwritten(error, path, count)
        raise CheckpointError(
            f"{path}: {lacks}. Nothing was changed; free some space, or choose another folder"
        ) from error
    return path


def recover(path: Path) -> None:
    """Brings the old folder back when a run was killed between the two renames of a swap (see `_put_in_place`)."""
    if not path.exists():
        for left, tag in _left(path, "old"):
            with contextlib.suppress(OSError):
                if has_ended(tag) or time.time() - left.stat().st_ctime > SWAP_SECONDS:
                    os.rename(left, path)


def remove_left_overs(path: Path) -> None:
    """Removes what killed runs left beside `path`; tells what may be another machine's and stays."""
    for left, tag in [*_left(path, "tmp"), *_left(path, "old")]:
        if has_ended(tag):
            shutil.rmtree(left, ignore_errors=True)
        else:
            logger.warning(
                "%s: unfinished, of a process that still runs, or of another machine, container or boot; it stays. "
                "Remove it when nothing writes there any more", left,
            )  # fmt: skip


def unfinished_below(parent: Path) -> list[str]:
    """Names of the folders in `parent` whose writing was begun and has left something beside them."""
    hits = [re.fullmatch(r"\.(.+)\.(?:tmp|old)-[0-9a-f-]+", entry.name) for entry in parent.iterdir()]
    return sorted({hit[1] for hit in hits if hit})


def beside(path: Path, kind: str) -> Path:
    """Where this process keeps an unfinished `path` (tmp) or the one before it (old) until all is in place."""
    return path.parent / f".{path.name}.{kind}-{own_tag()}"


def _left(path: Path, kind: str) -> list[tuple[Path, str]]:
    """(folder, tag of its process) of everything unfinished beside `path`."""
    name = re.compile(rf"{re.escape(f'.{path.name}.{kind}-')}([0-9a-f-]+)")
    hits = [(entry, name.fullmatch(entry.name)) for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    return [(entry, hit[1]) for entry, hit in hits if hit]


def _fill(aside: Path, files: dict[str, bytes | Callable[[Path], None]]) -> None:
    aside.mkdir()
    lines = []
    for name, content in sorted(files.items()):
        target = aside / name
        target.parent.mkdir(exist_ok=True)
        if callable(content):
            content(target)
        else:
            target.write_bytes(content)
        _sync(target)
        _sync(target.parent)
        lines.append(f"{file_sha256(target)}  {name}\n")
    (aside / SUMS).write_bytes("".join(lines).encode())
    _sync(aside / SUMS)
    _sync(aside)


def _put_in_place(aside: Path, path: Path) -> None:
    if not path.exists():
        os.rename(aside, path)
    elif not _exchange(aside, path):
        old = beside(path, "old")
        os.rename(path, old)
        try:
            os.rename(aside, path)
        except OSError:
            os.rename(old, path)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step (Linux renameat2); False where the system cannot."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    at_cwd, rename_exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of linux/fs.h
    return swap(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), rename_exchange) == 0


def _sync(path: Path) -> None:
    """To the disk, not only to the page cache; folders too, which hold the names."""
    windows = os.name == "nt"
    if windows and path.is_dir():
        return  # no handle for folders there
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _expected(files: dict[str, bytes | Callable[[Path], None]]) -> int:
    return sum(getattr(content, "nbytes", 0) if callable(content) else len(content) for content in files.values())
