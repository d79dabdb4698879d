"""The file of a split inside a folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.arrow import is_arrow
from tasklab.data.files.textfile import neighbours
from tasklab.errors import DataError

WORDS = {"train": "train", "dev": "dev|validation|valid|eval", "test": "test"}
"""How the file names of a split are recognised."""


def find_split(path, split: str, names: Sequence[str], suffixes: Sequence[str]) -> Path:
    """`path` itself, or the file of the split in a folder: one of `names`, else the only one named after the split.

    A split that `datasets` saved is a folder.
    Raises: DataError when none or several fit.
    """
    folder = from_home(path)
    if not folder.is_dir() or is_arrow(folder):
        return folder
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        wanted = re.compile(rf"(^|[^a-z])({WORDS[split]})([^a-z]|$)", re.I)
        tables = (p for p in folder.iterdir() if p.suffix in suffixes and p.is_file() or p.is_dir() and is_arrow(p))
        found = sorted(p for p in tables if wanted.search(p.name))
    if len(found) == 1:
        return found[0]
    if not found:
        raise DataError(f"{folder}: no file for {split} ({', '.join(names)}); {neighbours(folder)}")
    raise DataError(f"{folder}: {', '.join(p.name for p in found)} all fit {split}; give the path of the one you want")
