"""Tables in memory as files that are called by their content: JSON lines, or one JSON value where rows are nested."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasklab.data.files.in_memory import Rows
from tasklab.digest import file_sha256
from tasklab.errors import DataError
from tasklab.replacing import ASIDE, replacing

DIGITS = 16
"""Of the SHA-256 of the content."""
KEPT = re.compile(rf"table-([0-9a-f]{{{DIGITS}}})(\.jsonl?)")


def keep_table(table: Rows, folder: Path, name: str) -> Path:
    """The file in `folder` that holds the table, whole or not there.

    name: how messages call it.
    Raises: DataError for a row that cannot be kept, where there is none, and when it cannot be written.
    """
    aside, digest, size = None, hashlib.sha256(), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=folder, prefix="table", suffix=ASIDE)
        with os.fdopen(handle, "wb") as file:
            for piece in _pieces(table):
                digest.update(piece)
                size += file.write(piece)
        if not size:
            raise DataError(f"{name}: holds no row")
        target = folder / f"table-{digest.hexdigest()[:DIGITS]}{'.jsonl' if table.around is None else '.json'}"
        os.replace(aside, target)
        return target
    except OSError as error:
        message = f"the table cannot be kept ({error.strerror}); set TASKLAB_CACHE to a folder with room for it"
        raise DataError(f"{folder}: {message}") from None
    finally:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)


def take_along(path, folder: Path) -> str | None:
    """The name in `folder` of a copy of such a file, None for any other file."""
    if path is None or not KEPT.fullmatch(os.path.basename(path)):
        return None
    path = Path(path)
    target = folder / path.name
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(target) as aside:
            shutil.copyfile(path, aside)
    return target.name


def tables_in(data, folder: Path):
    """Puts copies of such files that `data`, a section of settings, names into `folder`, and names these there."""
    for key in ("train", "eval"):
        if name := take_along(data[key], folder):
            data[key] = str((folder / name).absolute())


def check_kept(path: Path):
    """Raises DataError for such a file whose content is another than its name says."""
    if (hit := KEPT.fullmatch(path.name)) and path.is_file() and file_sha256(path)[:DIGITS] != hit[1]:
        raise DataError(
            f"{path}: was changed since it was kept, so a run would go on with other rows; copy it again, or give what "
            "you changed a name of its own"
        )


def _pieces(table: Rows) -> Iterator[bytes]:
    begin, end = table.around or ("", "")
    yield begin.encode()
    for number, row in enumerate(table.rows):
        if number and table.around:
            yield b",\n"
        yield _line(row)
        if table.around is None:
            yield b"\n"
    yield end.encode()


def _line(row) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which readers tell with its place
        return json.dumps(row).encode()
