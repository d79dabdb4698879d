"""The file of a split inside a folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.arrow import is_arrow
from tasklab.data.files.textfile import neighbours
from tasklab.data.files.unpacked import plain_file, plain_suffix
from tasklab.errors import DataError

WORDS = {"train": "train", "dev": "dev|validation|valid|eval", "test": "test"}
"""How the file names of a split are recognised."""


def find_split(path, split: str, names: Sequence[str], suffixes: Sequence[str]) -> Path:
    """`path` itself, or the file of the split in a folder: one of `names`, else the only one named after the split.

    A split that `datasets` saved is a folder; what is packed, or a workbook, is a plain file then.
    Raises: DataError when none or several fit.
    """
    folder = from_home(path)
    if not folder.is_dir() or is_arrow(folder):
        return plain_file(folder)
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        wanted = re.compile(rf"(^|[^a-z])({WORDS[split]})([^a-z]|$)", re.I)
        inside = (p for p in folder.iterdir() if wanted.search(p.name))
        found = sorted(p for p in inside if (plain_suffix(p) in suffixes if p.is_file() else is_arrow(p)))
    if len(found) == 1:
        return plain_file(found[0])
    if not found:
        raise DataError(f"{folder}: no file for {split} ({', '.join(names)}); {neighbours(folder)}")
    raise DataError(f"{folder}: {', '.join(p.name for p in found)} all fit {split}; give the path of the one you want")
