"""Rows of a table file, each with its place: TSV, CSV, JSON lines or a JSON list."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasklab.data.problems import BadRows, shortened
from tasklab.data.textfile import parse_json, read_text
from tasklab.errors import DataError

SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".json")
FIX = "correct the line or set data.on_bad_row: skip"


class Table:
    """One table file, read into memory; iterating gives (place, row as a dict) for each sound row, once.

    Args:
        path: .csv is separated by commas (or by what its first line holds more of: semicolons, tabs); .jsonl and .json
            hold one object per line or one list of objects; everything else is separated by tabs.
        columns: names for a file without a header line.
        heading: a column name; with `columns` a first line that holds it is a header all the same.
        quotes: whether a cell may stand in double quotes; None: in .csv files only.
    Raises: DataError when the file cannot be read, is empty, or a quote is never closed.
    """

    def __init__(self, path, columns: Sequence[str] = (), heading: str | None = None, quotes: bool | None = None):
        self.path = Path(path)
        self.is_json = self.path.suffix in (".json", ".jsonl")
        self.bad = BadRows(str(path))
        text = read_text(path)
        if not text.strip():
            raise DataError(f"{path}: is empty")
        if self.is_json:
            self._rows = self._objects(text)
            self.columns = self._keys()
        else:
            self._rows = self._cells(text, self.path.suffix == ".csv" if quotes is None else quotes)
            self.columns = self._header(list(columns), heading)

    def __iter__(self) -> Iterator[tuple[str, dict]]:
        width = len(self.columns)
        for place, row in self._rows:
            if self.is_json:
                yield place, row
            elif len(row) == width:
                yield place, dict(zip(self.columns, row, strict=True))
            else:
                cells = f"has {len(row)} cells instead of {width} ({', '.join(self.columns)})"
                self.bad.add("wrong number of cells", f"{place}: {cells}, the last is {shortened(row[-1])}; {FIX}")

    def _cells(self, text: str, quotes: bool) -> Iterator[tuple[str, list[str]]]:
        delimiter = _delimiter(text) if self.path.suffix == ".csv" else "\t"
        rows = _quoted(text, delimiter, self.path) if quotes else _plain(text, delimiter)
        for line, row in rows:
            if any(cell.strip() for cell in row):
                yield f"{self.path}:{line}", row
            else:
                self.bad.add("blank line", f"{self.path}:{line}: is blank", fatal=False)

    def _header(self, columns: list[str], heading: str | None) -> list[str]:
        place, first = next(self._rows)
        names = [cell.strip() for cell in first]
        if columns and heading not in names:
            self._rows = _chain((place, first), self._rows)
            return columns
        doubled = {name for name in names if names.count(name) > 1 and name}
        if doubled:
            raise DataError(f"{place}: the header names {', '.join(sorted(doubled))} twice; {_no_header(names)}")
        return names

    def _objects(self, text: str) -> Iterator[tuple[str, dict]]:
        if text.lstrip()[0] == "[":
            items = ((f"{self.path}: [{i}]", item) for i, item in enumerate(parse_json(text, str(self.path))))
        else:
            lines = ((f"{self.path}:{n}", line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
            items = ((place, parse_json(line, place)) for place, line in lines)
        for place, item in items:
            if isinstance(item, dict):
                yield place, item
            else:
                self.bad.add("no object", f"{place}: is {shortened(str(item))}, expected an object {{...}}; {FIX}")

    def _keys(self) -> list[str]:
        first = next(self._rows, None)
        if first is None:
            self.bad.raise_if_fatal()
            raise DataError(f"{self.path}: holds no object")
        self._rows = _chain(first, self._rows)
        return list(first[1])


def _plain(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.split("\n")  # not splitlines: a text may hold a Unicode line separator
    for number, line in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        yield number, line.removesuffix("\r").split(delimiter)


def _quoted(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "close the quote, or set data.quotes: false when quotes are plain characters"
        raise DataError(f"{path}:{line}: {error}; {remedy}") from None


def _delimiter(text: str) -> str:
    return max(",;\t", key=text.partition("\n")[0].count)


def _chain(first, rest) -> Iterator:
    yield first
    yield from rest


def _no_header(names: list[str]) -> str:
    return f"for a file without a header name its {len(names)} columns: data.columns=[...]"
