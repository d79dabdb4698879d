"""Rows of a table file, each with its place: TSV, CSV, JSON lines, a JSON list, or a table of `datasets`."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from tasklab.content import parse_json
from tasklab.data.files import arrow
from tasklab.data.files.exports import plain_row, writer_of
from tasklab.data.files.problems import BadRows, listed, shortened
from tasklab.data.files.textfile import read_text, text_lines
from tasklab.errors import DataError

SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".json", *arrow.SUFFIXES)
SEPARATOR = re.compile(r'"?sep=(.)"?')
"""The first line that Excel writes, or understands, above the header."""
QUOTED = re.compile(r'"[^"]*("|$)')
MOST = (1 << 31) - 1  # characters of a cell
FIX = "correct the line"


class Table:
    """One table file, read as it is iterated; gives (place, row as a dict) for each sound row, once.

    Args:
        path: .csv is separated by commas (or by what its first line says, or holds more of: semicolons, tabs, bars);
            .jsonl and .json hold one object per line or one list of objects (read as a whole); .parquet, .arrow and
            folders are tables of `datasets`; everything else is separated by tabs.
        columns: names for a file without a header line.
        heading: a column name; with `columns` a first line that holds it is a header all the same.
        quotes: whether a cell may stand in double quotes; None: in .csv files only.
        encoding: of a text file; None: UTF-8.
        bad: where what is wrong with rows is noted; None: one of its own.
        objects: whether every line is an object whatever the file's name says.
    Raises: DataError when the file cannot be read, is empty, or a quote is never closed.
    """

    def __init__(
        self, path, columns: Sequence[str] = (), heading: str | None = None, quotes: bool | None = None,
        encoding: str | None = None, bad: BadRows | None = None, objects: bool = False,
    ):  # fmt: skip
        self.path, self.head, self.encoding = Path(path), str(path), encoding
        """`head`: where the names of the columns stand."""
        self.bad = BadRows(str(path)) if bad is None else bad
        self.named = True
        """Every row names its cells."""
        self.gapless = False
        """Whether a blank line above a row is as bad as a bad row: of a file whose every line gets an answer."""
        self.writer = ""
        """The annotation program whose export it is."""
        self.nameable = True
        """Whether data.columns names the columns of a file without a header line."""
        self.taken = ""
        """Which column was taken for what, once somebody has looked."""
        if arrow.is_arrow(self.path):
            self.columns, self._rows = arrow.arrow_rows(self.path)
            return
        self.named = objects or self.path.suffix in (".json", ".jsonl")
        first = next((line for line in self._lines() if line.strip()), None)
        if first is None:
            expected = "objects" if self.named else "a line of column names, and rows"
            raise DataError(f"{path}: is empty; expected {expected}")
        if self.named:
            if first.lstrip()[0] not in "{[" and not _is_json(first):
                message = f"{shortened(first.strip())} is no JSON"
                raise DataError(f"{path}: {message}; a table must be named .csv (commas) or .tsv (tabs)")
            listed_rows = first.lstrip()[0] == "["
            self._listed = parse_json(read_text(path, encoding), str(path), DataError) if listed_rows else None
            self._rows, self.columns = self._objects(self.bad), self._keys()
        else:
            self._rows = self._cells(first, self.path.suffix == ".csv" if quotes is None else quotes)
            self.columns = self._header(list(columns), heading)

    def __iter__(self) -> Iterator[tuple[str, dict]]:
        width = len(self.columns)
        for place, row in self._rows:
            if self.named:
                yield place, row
            elif len(row) == width:
                yield place, dict(zip(self.columns, row, strict=True))
            else:
                cells = f"has {len(row)} cells instead of {width} ({listed(self.columns)})"
                self.bad.add("wrong number of cells", f"{place}: {cells}, the last is {shortened(row[-1])}", FIX)

    def _lines(self) -> Iterator[str]:
        return text_lines(self.path, self.encoding)

    def _cells(self, first: str, quotes: bool) -> Iterator[tuple[str, list[str]]]:
        read, blank = quoted_cells if quotes else plain_cells, []
        for line, row in read(self._lines(), delimiter_of(first, self.path), self.path):
            if line == 1 and SEPARATOR.fullmatch(first.rstrip("\r\n")) and self.path.suffix == ".csv":
                continue
            if any(cell.strip() for cell in row):
                self._tell_blank(blank, self.bad)
                yield f"{self.path}:{line}", row
            else:
                blank.append(line)
        for line in blank:  # below the last row
            self.bad.add("blank line", f"{self.path}:{line}: is blank", fatal=False)

    def _tell_blank(self, lines: list[int], bad: BadRows):
        """Tells of blank lines above a row, and empties the list of them."""
        why, remedy = (", so no answer would stand for it", FIX) if self.gapless else ("", "")
        for line in lines:
            bad.add("blank line", f"{self.path}:{line}: is blank{why}", remedy, fatal=self.gapless)
        lines.clear()

    def _header(self, columns: list[str], heading: str | None) -> list[str]:
        place, first = next(self._rows, (None, None))
        if place is None:
            raise DataError(f"{self.path}: holds nothing but separators")
        names = [cell.strip() for cell in first]
        if twice := [name for name, count in Counter(columns).items() if count > 1]:
            raise DataError(f"{self.path}: data.columns names {listed(twice)} twice; give each column its own name")
        if columns != names and sorted(columns) == sorted(names):
            message = f"the header names {listed(names)}, in another order than data.columns"
            raise DataError(f"{place}: {message}; leave that out")
        if columns and heading not in names:
            self._rows = chain([(place, first)], self._rows)
            return columns
        doubled = [name for name, count in Counter(names).items() if count > 1 and name]
        if doubled:
            raise DataError(f"{place}: the header names {listed(doubled)} twice; {_no_header(names)}")
        self.head = place
        return names

    def _objects(self, bad: BadRows) -> Iterator[tuple[str, dict]]:
        if self._listed is not None:
            items = ((f"{self.path}: [{i}]", item) for i, item in enumerate(self._listed))
        else:
            items = ((place, parsed[0]) for place, line in self._filled(bad) if (parsed := _parsed(line, place, bad)))
        for place, item in items:
            if isinstance(item, dict):
                self.writer = self.writer or writer_of(item)
                yield place, plain_row(item)
            else:
                bad.add("no object", f"{place}: is {shortened(str(item))}, expected an object {{...}}", FIX)

    def _filled(self, bad: BadRows) -> Iterator[tuple[str, str]]:
        """(place, line) of every line that is not blank."""
        blank = []
        for number, line in enumerate(self._lines(), start=1):
            if not line.strip():
                blank += [number] if self.gapless else []
                continue
            self._tell_blank(blank, bad)
            yield f"{self.path}:{number}", line

    def _keys(self) -> list[str]:
        """Those of all objects: a pass of its own, since any line may be the first to hold one."""
        bad = BadRows(str(self.path))
        keys = dict.fromkeys(key for _, row in self._objects(bad) for key in row)
        if not keys:
            bad.raise_if_fatal()
            raise DataError(f"{self.path}: holds no object")
        return list(keys)


def _parsed(line: str, place: str, bad: BadRows) -> list:
    """The value in a line, [] where it is none."""
    try:
        return [parse_json(line.rstrip("\r\n"), place, DataError)]
    except DataError as error:
        bad.add("not JSON", str(error), FIX)
        return []


def _is_json(line: str) -> bool:
    return bool(_parsed(line, "", BadRows("")))


def delimiter_of(first: str, path: Path) -> str:
    """What separates the cells of a file with this first line; Excel's `sep=;` says so."""
    if path.suffix != ".csv":
        return "\t"
    match = SEPARATOR.fullmatch(first.rstrip("\r\n"))
    bare = QUOTED.sub("", first)  # what stands in quotes separates nothing
    return match[1] if match else max(",;\t|", key=bare.count)


def plain_cells(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every line, in which quotes are plain characters."""
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\n").removesuffix("\r").split(delimiter)


def quoted_cells(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row, whose cells may stand in double quotes. Raises: DataError for an open quote."""
    csv.field_size_limit(MOST)  # one for the process; cells are as long as they are, the file bounds them
    split = chain.from_iterable(io.StringIO(line, newline="") for line in lines)  # at a lone \r too
    reader, line = csv.reader(split, delimiter=delimiter, strict=True), 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "close the quote, or set data.quotes: false when quotes are plain characters"
        raise DataError(f"{path}:{line}: {error}; {remedy}") from None


def _no_header(names: list[str]) -> str:
    return f"for a file without a header name its {len(names)} columns: data.columns=[...]"
