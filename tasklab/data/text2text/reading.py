"""Pairs out of every file the tasks read: tables, lines with a tab, and two files whose lines belong together."""

import re
from collections.abc import Collection, Iterator
from itertools import zip_longest
from pathlib import Path

from tasklab.content import from_home
from tasklab.data.files.columns import refuse_columns, tell_columns
from tasklab.data.files.problems import BadRows, listed
from tasklab.data.files.records import examples_of
from tasklab.data.files.splits import WORDS, find_split
from tasklab.data.files.table import SUFFIXES, Table
from tasklab.data.files.textfile import text_lines
from tasklab.data.text2text.layouts import SOURCES, TARGETS, Layout, layout_of
from tasklab.data.text2text.pairs import Pair, Text2TextDataConfig
from tasklab.data.text2text.templates import SOURCE, Template
from tasklab.errors import DataError

FILES = {split: tuple(split + suffix for suffix in (".tsv", ".jsonl", ".json", ".csv", ".txt")) for split in WORDS}
ENDINGS = (("source", "target"), ("src", "tgt"))
"""Of two files whose lines belong together, where no setting names others."""


def read_pairs(
    path, data: Text2TextDataConfig, training: bool = True, answered: bool = True, special: Collection[str] = (),
    texts: bool = False,
) -> tuple[list[Pair], BadRows]:
    """Examples in file order that have nothing wrong with them, and what is wrong with the others.

    Args:
        answered: False reads sources without their targets, for prediction.
        special: spellings of special tokens.
        texts: whether there may be texts without a target: a line each of a .txt without tabs, or a table that has no
            column for targets.
    Raises: DataError when a file as a whole cannot be used.
    """
    split = "train" if training else "dev"
    if both := _parallel(from_home(path), split, data):
        bad = BadRows(str(both[0]))
        return list(_of_lines(*both, data, bad, special)), bad
    file = from_home(find_split(path, split, FILES[split], SUFFIXES))
    if texts and file.suffix == ".txt" and not data.columns and "\t" not in next(text_lines(file, data.encoding), ""):
        if answered:
            refuse_columns(file, {"source": data.source, "target": data.target})
        return _texts(file, data), BadRows(str(file))
    if file.suffix not in SUFFIXES and file.is_file():
        hint = "put both sides into a folder, such as train.en and train.zh, and set data.source=en data.target=zh"
        raise DataError(f"{file}: is no table by its name; of two files whose lines belong together {hint}")
    bad = BadRows(str(file))
    columns = data.columns or (["source", "target"] if _is_plain(file, data) else [])
    table = Table(file, columns, data.source or "source", data.quotes, data.encoding, bad)
    table.gapless = not answered
    alone = texts and not data.target and {str(name).lower() for name in table.columns}.isdisjoint(TARGETS)
    layout = layout_of(table, data, answered and not alone, special)
    tell_columns(str(file), layout.taken(table.columns))
    return list(examples_of(table, layout.example)), bad


def _texts(file: Path, data: Text2TextDataConfig) -> list[Pair]:
    layout = _of_line(file, data, None)
    lines = ((number, line.strip()) for number, line in enumerate(text_lines(file, data.encoding), start=1))
    kept = ((number, line) for number, line in lines if line)
    return [layout.example({SOURCE: line}, f"{file}:{number}", str(i)) for i, (number, line) in enumerate(kept)]


def _of_line(file: Path, data: Text2TextDataConfig, target: str | None, special: Collection[str] = ()) -> Layout:
    """Of texts that are a line each. Raises: DataError where the template asks for more than one."""
    layout = Layout(Template.of(data.template), [SOURCE], target, None, special)
    if layout.template.columns != layout.columns:
        raise DataError(f"{file}: has one text per line, but data.template asks for {listed(layout.template.columns)}")
    return layout


def _is_plain(file: Path, data: Text2TextDataConfig) -> bool:
    """Whether lines are source, tab, target without a header, as UER-py has them: a .txt that names no column."""
    if file.suffix != ".txt":
        return False
    names = {cell.strip().lower() for cell in next(text_lines(file, data.encoding), "").split("\t")}
    return names.isdisjoint({*SOURCES, data.source}) or names.isdisjoint({*TARGETS, data.target})


def _parallel(folder: Path, split: str, data: Text2TextDataConfig) -> tuple[Path, Path] | None:
    """The files of both sides, by their endings; None where the folder has a table, or is none.

    Raises: DataError where it cannot be told which of the two is read.
    """
    if not folder.is_dir():
        return None
    named = re.compile(WORDS[split] if split == "train" else f"{WORDS[split]}|val")
    inside = sorted(p for p in folder.iterdir() if p.is_file() and named.fullmatch(p.stem) and p.suffix)
    files = {p.suffix[1:]: p for p in inside if p.suffix not in SUFFIXES}
    pairs = [(data.source, data.target)] if data.source and data.target else ENDINGS
    for endings in pairs:
        if files.keys() >= set(endings):
            return files[endings[0]], files[endings[1]]
    first, second = pairs[0]
    if len(inside) == len(files) == 1 and files.keys() <= {first, second}:
        (there,), absent = inside, second if first in files else first
        raise DataError(f"{folder}: has {there.name}, but no {there.stem}.{absent} whose lines belong to it; add that")
    if len(files) < 2:
        return None
    first, second, *_ = files
    hint = f"set data.source={first} data.target={second}, or the other way round"
    raise DataError(f"{folder}: {listed([p.name for p in files.values()])}: which is read, which answers it? {hint}")


def _of_lines(
    first: Path, second: Path, data: Text2TextDataConfig, bad: BadRows, special: Collection[str]
) -> Iterator[Pair]:
    """Raises: DataError where one file has more lines."""
    layout = _of_line(first, data, "target", special)
    sides, count = (zip_longest(*(text_lines(file, data.encoding) for file in (first, second))), [0, 0])
    for number, lines in enumerate(sides, start=1):
        for side, line in enumerate(lines):
            count[side] += line is not None
        if None in lines:
            continue
        try:
            row = dict(zip(("source", "target"), (line.rstrip("\r\n") for line in lines), strict=True))
            yield layout.example(row, f"{first}:{number}", str(number - 1))
        except DataError as error:
            bad.add("unusable record", str(error), "correct it in both files")
    if count[0] != count[1]:
        at = f"{first if count[0] > count[1] else second}:{min(count) + 1}"
        message = f"{count[0]} lines, {second.name} has {count[1]}; line by line one is the other's target"
        raise DataError(f"{first}: has {message}. {at} is the first without one: add what is missing, or take it out")
    if not count[0]:
        raise DataError(f"{first}: is empty, and so is {second.name}; expected a text in each line")
