"""How a data file begins: enough to tell what it holds, however large it is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tasklab.content import json_at
from tasklab.data.files.arrow import is_arrow
from tasklab.data.files.splits import WORDS
from tasklab.data.files.table import Table
from tasklab.data.files.textfile import neighbours, read_text
from tasklab.data.files.unpacked import plain_file
from tasklab.errors import DataError

HEAD = 1 << 16
"""Bytes."""
JSON = (".json", ".jsonl")
LINE_OF_LISTS = re.compile(r"\s*\[.*\]\s*\n\s*[\[{]")
START, BETWEEN = re.compile(r"\s*\[?\s*"), re.compile(r"[\s,]*")
DELIMITERS = re.compile("[\t,;]")


class Sample(NamedTuple):
    """The file, or one of a folder; what the rest of it holds is not known."""

    file: Path
    text: str
    """The first HEAD bytes, without a line that they cut; '' where the file is none of text."""
    first: object
    """The first value where the file is JSON: of a list its first item; None for any other file."""
    columns: tuple[str, ...]
    """What the rows call their cells: keys of the objects that it begins with, or the cells of the first line."""

    @property
    def values(self) -> list:
        """All that the text holds whole, the first one in any case, where the file is JSON."""
        return list(_values(self.text)) or [self.first]


def sample_of(path: Path) -> Sample:
    """Raises: DataError for a folder without files, and as a table of `datasets` does."""
    file = _one_file(path)
    if is_arrow(file):
        return Sample(file, "", None, tuple(Table(file).columns))
    with open(file, "rb") as opened:
        head = opened.read(HEAD)
    text = head.decode("utf-8-sig", errors="ignore")
    if len(head) == HEAD:
        text = text.rpartition("\n")[0] or text
    if file.suffix in JSON:
        first = _first_value(text)
        if first is None and len(head) == HEAD:  # it may be longer
            first = _first_value(read_text(file))
    else:
        first = None
    if first is None:
        columns = DELIMITERS.split(text.partition("\n")[0].rstrip("\r"))
    else:
        columns = _keys(text) or map(str, first) if isinstance(first, dict) else ()
    return Sample(file, text, first, tuple(columns))


def _one_file(path: Path) -> Path:
    """Of a folder the first one that is named after the training split, else the first one."""
    if not path.is_dir() or is_arrow(path):
        return path
    training = re.compile(rf"(^|[^a-z])({WORDS['train']})([^a-z]|$)", re.I)
    shown = sorted(p for p in path.iterdir() if p.name[0] != "." and (p.is_file() or is_arrow(p)))
    inner = next((p for p in sorted(path.iterdir()) if p.is_dir() and training.search(p.name)), None)
    if inner and not shown:
        return _one_file(inner)
    if not shown:
        raise DataError(f"{path}: holds no file; {neighbours(path)}")
    return plain_file(next((p for p in shown if training.search(p.name)), shown[0]))


def _keys(text: str) -> list[str]:
    """Those of all whole objects: the first may lack what the others have."""
    return list(dict.fromkeys(str(key) for value in _values(text) if isinstance(value, dict) for key in value))


def _values(text: str) -> Iterator:
    """All whole values, one after the other or in a list."""
    at = _start(text)
    while at < len(text):
        try:
            value, at = json_at(text, at, "", DataError)
        except DataError:
            return
        yield value
        at = BETWEEN.match(text, at).end()


def _first_value(text: str):
    """None where it is not JSON."""
    try:
        return json_at(text, _start(text), "", DataError)[0]
    except DataError:
        return None


def _start(text: str) -> int:
    """Where the first value begins: of a list its first item, unless every line is a list of its own."""
    return 0 if LINE_OF_LISTS.match(text) else START.match(text).end()
