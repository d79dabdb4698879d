"""Encoded rows kept on disk by what they were made from; a cache of rows that cannot be used never stops a run."""

import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.token_file import TokenFile
from tasklab.digest import content_sha256
from tasklab.errors import DataError

logger = logging.getLogger("tasklab")

SUFFIX, TOKENS, PARTIAL = ".features", ".tokens", ".partial"
PATTERNS = ("*" + SUFFIX, "*" + TOKENS)
LIMIT = 4 << 30  # bytes in the folder, about 100 times SQuAD 1.1
ABANDONED = 3600  # seconds after which an unfinished file belongs to no running process


def cached_features(folder, key: dict, build: Callable[[], FeatureTable], limit: int = LIMIT) -> FeatureTable:
    """The rows for `key`, from `folder` or else from `build` and then kept there.

    Args:
        key: everything the rows depend on, as JSON values; equal keys must mean equal rows.
        limit: bytes that the folder may hold; the entries unused for longest go first.
    A damaged entry is built again. When the folder cannot be written or is full, one warning says so.
    """
    path = Path(folder) / (content_sha256(key) + SUFFIX)
    features = _read(path)
    if features is None:
        features = build()
        if not isinstance(features, FeatureTable):
            return features  # rows that are drawn anew in every epoch
        try:
            _write(path, features.save)
            evict(path, limit)
        except OSError as error:
            logger.warning("%s: encoded rows are not kept (%s); the next start encodes them again", folder, error)
    return features


def cached_tokens(folder, key: dict, write: Callable[[Path], None], keep: bool = True, limit: int = LIMIT) -> TokenFile:
    """The token file for `key` in `folder`, written by `write` when there is none or it is damaged.

    keep: False leaves nothing behind; the file then lasts as long as this process maps it.
    Raises: DataError when it cannot be written: these rows do not fit into memory.
    """
    path = Path(folder) / (content_sha256(key if keep else {**key, "own": uuid.uuid4().hex}) + TOKENS)
    tokens = _read(path, TokenFile) if keep else None
    try:
        if tokens is None:
            _write(path, write)
            evict(path, limit)
            tokens = TokenFile(path)
    except OSError as error:
        raise DataError(
            f"{folder}: the token ids cannot be written ({error}); set TASKLAB_CACHE to a folder with room for them"
        ) from None
    if not keep:
        path.unlink()
    return tokens


def _read(path: Path, load=FeatureTable.load):
    try:
        features = load(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # where even writing fails, that is told once
    except Exception as error:  # a damaged archive fails in many ways, and all of them mean: build again
        logger.warning("%s: damaged or not readable (%s); encoding again", path, type(error).__name__)
        return None
    try:
        os.utime(path)  # used now: goes last when space is needed
    except OSError:
        pass  # a cache shared read-only
    return features


def _write(path: Path, save: Callable[[Path], None]):
    """Writes aside and renames, so that no reader ever meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=path.stem[:16], suffix=PARTIAL)
    os.close(handle)
    try:
        save(Path(partial))
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def evict(newest: Path, limit: int, patterns: Sequence[str] = PATTERNS):
    """Removes from the folder of `newest` what was unused for longest, until the rest has at most `limit` bytes."""
    for partial in newest.parent.glob("*" + PARTIAL):
        if time.time() - _stat(partial)[0] > ABANDONED:
            partial.unlink(missing_ok=True)
    paths = [path for pattern in patterns for path in newest.parent.glob(pattern)]
    entries = sorted(((*_stat(path), path) for path in paths), reverse=True)
    total = 0
    for _, size, path in entries:
        total += size
        if total > limit and path != newest:
            path.unlink(missing_ok=True)


def _stat(path: Path) -> tuple[float, int]:
    """(time of last use, bytes); (now, 0) when another process has just removed it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return time.time(), 0
    return status.st_mtime, status.st_size
