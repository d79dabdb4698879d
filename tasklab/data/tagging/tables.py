"""Tagged sentences from tables with a sentence per line, in the columns text_a and label (UER-py)."""

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tasklab.data.files.problems import BadRows, listed
from tasklab.data.files.table import delimiter_of, quoted_cells
from tasklab.data.tagging.sentences import FIX, Sentence
from tasklab.errors import DataError


def has_header(text: str, file: Path) -> bool:
    """Whether the first line names the columns of a table with one sentence per line."""
    return "text_a" in next(_rows(text.partition("\n")[0], file), (1, []))[1]


def table_sentences(text: str, file: Path, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    """Rows of the columns text_a and label, in any order; tokens and tags with single blanks between them.

    Raises: DataError when the header names no label column.
    """
    rows = _rows(text, file)
    _, names = next(rows)
    if labelled and "label" not in names:
        raise DataError(f"{file}:1: the header names {listed(names)}; a column 'label' with the tags is missing")
    for place, row in whole_rows(rows, names, file, bad):
        tokens = row["text_a"].strip(" ").split(" ")
        tags = row["label"].strip(" ").split(" ") if labelled else None
        if "" in tokens:
            bad.add("empty token", f"{place}: two blanks stand together behind token {tokens.index('')}", FIX)
        elif tags is not None and len(tags) != len(tokens):
            bad.add("tokens without tags", f"{place}: has {len(tokens)} tokens and {len(tags)} tags", FIX)
        else:
            yield Sentence(place, tokens, [f"{place}: token {i}" for i in range(1, len(tokens) + 1)], tags)


def whole_rows(
    rows: Iterable[tuple[int, list[str]]], names: Sequence[str], file: Path, bad: BadRows
) -> Iterator[tuple[str, dict[str, str]]]:
    """(place, column -> cell) of the rows that are not blank; those of another length go to `bad`."""
    for number, cells in rows:
        place = f"{file}:{number}"
        if not any(map(str.strip, cells)):
            continue
        if len(cells) == len(names):
            yield place, dict(zip(names, cells, strict=True))
        else:
            message = f"has {len(cells)} cells instead of {len(names)} ({listed(names)})"
            bad.add("wrong columns", f"{place}: {message}", FIX)


def _rows(text: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    if file.suffix == ".csv":
        yield from quoted_cells(io.StringIO(text, newline="\n"), delimiter_of(text.partition("\n")[0], file), file)
    else:
        for number, line in enumerate(text.split("\n"), start=1):
            yield number, line.removesuffix("\r").split("\t")
