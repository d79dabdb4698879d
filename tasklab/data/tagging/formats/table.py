"""Spans from tables: a row for each (doccano's old CSV), or those of a text as JSON in a cell (Label Studio's CSV)."""

import io
from collections.abc import Iterator
from pathlib import Path

from tasklab.content import parse_json
from tasklab.data.files.table import delimiter_of, quoted_cells
from tasklab.data.tagging.formats.label_studio import MIN
from tasklab.data.tagging.formats.span_lists import END, KIND, START
from tasklab.data.tagging.sentences import Source
from tasklab.data.tagging.tables import whole_rows
from tasklab.errors import DataError

LIST = ("[{", "[[")
"""How a cell with a list of spans begins."""


def is_span_table(text: str, file: Path) -> bool:
    """Whether the first lines are those of such a table."""
    rows = _rows(text.partition("\n")[0], file) if file.suffix in (".csv", ".tsv") else iter(())
    names = {name.strip() for name in next(rows, (1, []))[1]}
    return "text" in names and (names >= MIN or not any(map(names.isdisjoint, (START, END, KIND))))


def table_items(text: str, file: Path, source: Source) -> Iterator[tuple[str, dict]]:
    """(place, object) of every text: its rows as one, cells with lists as lists. Rows of one text need not touch."""
    rows = _rows(text, file)
    names = [name.strip() for name in next(rows)[1]]
    rowwise = not {*names}.isdisjoint(START)
    texts: dict[str, tuple[str, dict]] = {}
    for place, cells in whole_rows(rows, names, file, source.bad):
        row = {name: _value(cell, place) for name, cell in cells.items() if cell}
        if not rowwise:
            yield place, row
            continue
        key = row.get("id") or row.get("text")
        _, item = texts.setdefault(key, (place, {"text": row.pop("text", None), "entities": []}))
        if not {*row}.isdisjoint(START):
            item["entities"].append(row)
    yield from texts.values()


def _value(cell: str, place: str):
    if not cell.startswith(LIST):
        return cell
    try:
        return parse_json(cell, place, DataError)
    except DataError:
        return cell


def _rows(text: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    return quoted_cells(io.StringIO(text, newline="\n"), delimiter_of(first, file), file)
