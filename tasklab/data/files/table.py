"""Rows of a table file, each with its place: TSV, CSV, JSON lines, a JSON list, or a table of `datasets`."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from tasklab.data.files import arrow
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.textfile import parse_json, read_text, text_lines
from tasklab.errors import DataError

SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".json", *arrow.SUFFIXES)
FIX = "correct the line or set data.on_bad_row: skip"


class Table:
    """One table file, read as it is iterated; gives (place, row as a dict) for each sound row, once.

    Args:
        path: .csv is separated by commas (or by what its first line holds more of: semicolons, tabs); .jsonl and .json
            hold one object per line or one list of objects (read as a whole); .parquet, .arrow and folders are tables
            of `datasets`; everything else is separated by tabs.
        columns: names for a file without a header line.
        heading: a column name; with `columns` a first line that holds it is a header all the same.
        quotes: whether a cell may stand in double quotes; None: in .csv files only.
    Raises: DataError when the file cannot be read, is empty, or a quote is never closed.
    """

    def __init__(self, path, columns: Sequence[str] = (), heading: str | None = None, quotes: bool | None = None):
        self.path, self.head = Path(path), str(path)
        """`head`: where the names of the columns stand."""
        self.bad = BadRows(str(path))
        self.named = True
        """Every row names its cells."""
        if arrow.is_arrow(self.path):
            self.columns, self._rows = arrow.arrow_rows(self.path)
            return
        self.named = self.path.suffix in (".json", ".jsonl")
        first = next((line for line in text_lines(path) if line.strip()), None)
        if first is None:
            wanted = "objects" if self.named else "a line of column names, and rows"
            raise DataError(f"{path}: is empty; expected {wanted}")
        if self.named:
            self._rows = self._objects(is_list=first.lstrip()[0] == "[")
            self.columns = self._keys()
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
                cells = f"has {len(row)} cells instead of {width} ({', '.join(self.columns)})"
                self.bad.add("wrong number of cells", f"{place}: {cells}, the last is {shortened(row[-1])}; {FIX}")

    def _cells(self, first: str, quotes: bool) -> Iterator[tuple[str, list[str]]]:
        delimiter = max(",;\t", key=first.count) if self.path.suffix == ".csv" else "\t"
        read = _quoted if quotes else _plain
        for line, row in read(text_lines(self.path), delimiter, self.path):
            if any(cell.strip() for cell in row):
                yield f"{self.path}:{line}", row
            else:
                self.bad.add("blank line", f"{self.path}:{line}: is blank", fatal=False)

    def _header(self, columns: list[str], heading: str | None) -> list[str]:
        place, first = next(self._rows, (None, None))
        if place is None:
            raise DataError(f"{self.path}: holds nothing but separators")
        names = [cell.strip() for cell in first]
        if columns and heading not in names:
            self._rows = chain([(place, first)], self._rows)
            return columns
        doubled = {name for name in names if names.count(name) > 1 and name}
        if doubled:
            raise DataError(f"{place}: the header names {', '.join(sorted(doubled))} twice; {_no_header(names)}")
        self.head = place
        return names

    def _objects(self, is_list: bool) -> Iterator[tuple[str, dict]]:
        if is_list:
            found = parse_json(read_text(self.path), str(self.path))
            items = ((f"{self.path}: [{i}]", item) for i, item in enumerate(found))
        else:
            lines = enumerate(text_lines(self.path), start=1)
            numbered = ((f"{self.path}:{n}", line) for n, line in lines if line.strip())
            items = ((place, found[0]) for place, line in numbered if (found := self._parsed(line, place)))
        for place, item in items:
            if isinstance(item, dict):
                yield place, item
            else:
                self.bad.add("no object", f"{place}: is {shortened(str(item))}, expected an object {{...}}; {FIX}")

    def _parsed(self, line: str, place: str) -> list:
        """The value in a line, [] where it is none."""
        try:
            return [parse_json(line.rstrip("\r\n"), place)]
        except DataError as error:
            self.bad.add("not JSON", f"{error}; {FIX}")
            return []

    def _keys(self) -> list[str]:
        first = next(self._rows, None)
        if first is None:
            self.bad.raise_if_fatal()
            raise DataError(f"{self.path}: holds no object")
        self._rows = chain([first], self._rows)
        return list(first[1])


def _plain(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\n").removesuffix("\r").split(delimiter)


def _quoted(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
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
