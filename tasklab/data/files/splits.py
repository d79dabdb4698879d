"""The file of a split inside a folder."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.arrow import is_arrow
from tasklab.data.files.textfile import neighbours
from tasklab.data.files.unpacked import PACKED, is_packed, plain_file, plain_suffix
from tasklab.errors import DataError

WORDS = {"train": "train", "dev": "dev|validation|valid|eval", "test": "test"}
"""How the file names of a split are recognised."""


def find_split(path, split: str, names: Sequence[str], suffixes: Sequence[str]) -> Path:
    """`path` itself, or the file of the split in a folder: one of `names`, else the only one named after the split.

    A split that `datasets` saved is a folder; what is packed, or a workbook, is a plain file then,
    and of a file that lies there packed as well the plain one is taken.
    Raises: DataError when none or several fit.
    """
    folder = from_home(path)
    if not folder.is_dir() or is_arrow(folder):
        return plain_file(folder)
    paths = named_files(folder, names)
    if not paths:
        pattern = re.compile(rf"(^|[^a-z])({WORDS[split]})([^a-z]|$)", re.I)
        inside = (p for p in folder.iterdir() if pattern.search(p.name))
        paths = _plain_first(p for p in sorted(inside) if (plain_suffix(p) in suffixes if p.is_file() else is_arrow(p)))
    if len(paths) == 1:
        return plain_file(paths[0])
    if not paths:
        raise DataError(f"{folder}: no file for {split} ({', '.join(names)}); {neighbours(folder)}")
    raise DataError(f"{folder}: {', '.join(p.name for p in paths)} all fit {split}; give the path of the one you want")


def named_files(folder: Path, names: Iterable[str]) -> list[Path]:
    """Those of the names that are there, packed or not."""
    both = (folder / written for name in names for written in (name, name + PACKED))
    return _plain_first(path for path in both if path.is_file())


def _plain_first(paths: Iterable[Path]) -> list[Path]:
    """Without the packed ones of which the plain file is there, as `gunzip -k` leaves it."""
    candidates = list(paths)
    return [path for path in candidates if not (is_packed(path) and path.with_suffix("") in candidates)]
