"""How a data file begins: enough to tell what it holds, however large it is."""

import re
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
BETWEEN = re.compile(r"[\s\[,]*")
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
    shown = sorted(p for p in path.iterdir() if p.name[0] != "." and (p.is_file() or is_arrow(p)))
    if not shown:
        raise DataError(f"{path}: holds no file; {neighbours(path)}")
    training = re.compile(rf"(^|[^a-z])({WORDS['train']})([^a-z]|$)", re.I)
    return plain_file(next((p for p in shown if training.search(p.name)), shown[0]))


def _keys(text: str) -> list[str]:
    """Those of all whole objects, one after the other or in a list: the first may lack what the others have."""
    at, keys = BETWEEN.match(text).end(), {}
    while at < len(text):
        try:
            value, at = json_at(text, at, "", DataError)
        except DataError:
            break
        keys |= dict.fromkeys(map(str, value)) if isinstance(value, dict) else {}
        at = BETWEEN.match(text, at).end()
    return list(keys)


def _first_value(text: str):
    """None where it is not JSON."""
    start = re.match(r"\s*\[?\s*", text).end()
    try:
        return json_at(text, start, "", DataError)[0]
    except DataError:
        return None
