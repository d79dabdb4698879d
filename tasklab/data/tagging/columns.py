"""Tagged sentences from text files: a token and its tag per line (CoNLL), or a sentence per line (UER-py's TSV)."""

import io
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from tasklab.data.files.columns import taken_as, tell_columns
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.table import SEPARATOR, delimiter_of, quoted_cells
from tasklab.data.tagging.schemes import is_tag
from tasklab.data.tagging.sentences import FIX, Sentence
from tasklab.data.tagging.sheets import USUAL, Columns, NamedColumns, columns_of
from tasklab.errors import DataError

BLANKS = re.compile("[ \t]+")
POSITION = re.compile(r".+?(0|[1-9]\d{0,8})", re.DOTALL)
DOCUMENT = "-DOCSTART-"  # CoNLL-2003 begins its documents with such a line


class Row(NamedTuple):
    """A line with cells; none where it is blank."""

    number: int
    cells: list[str]


def column_sentences(
    text: str, file: Path, bad: BadRows, labelled: bool, settings: NamedColumns = USUAL, doubtful: bool = False
) -> Iterator[Sentence]:
    """Sentences with blank lines between them, or told apart by a column; a token and its tag per line.

    Columns stand between tabs, or between blanks where the first line has no tab; those of a .csv as in any table. A
    line of blanks and tabs counts as blank; the last sentence needs none behind it. A sentence with a faulty line is
    left out. Lines that begin a sentence with # and hold no tag are comments.
    Raises: DataError as `columns_of` does.
    """
    rows = _csv_rows(text, file) if file.suffix == ".csv" else _rows(text)
    filled = [row for row in rows if row.cells]
    first = next((row for row in filled if not row.cells[0].startswith("#")), filled[0] if filled else None)
    if first is None:
        return
    width, place = len(first.cells), f"{file}:{first.number}"
    if labelled and width < 2:
        raise DataError(f"{place}: {shortened(first.cells[0])} is one column; {_expected(first.cells[0], file)}")

    def is_comment(cells: list[str]) -> bool:
        if not cells[0].startswith("#") or file.suffix == ".csv":
            return False
        return len(cells) != width or width > 1 and not is_tag(cells[-1].strip())

    regular = [row.cells for row in filled[filled.index(first) :] if len(row.cells) == width]
    columns = columns_of([c for c in regular if not is_comment(c)] or regular, place, settings, labelled, doubtful)
    if not doubtful and (columns.header or width > 2):
        names = first.cells if columns.header else [f"column {i}" for i in range(1, width + 1)]
        places = {"token": columns.token, "tag": columns.tag, "sentence": columns.sentence}
        roles = {role: names[at] for role, at in places.items() if at is not None}
        tell_columns(str(file), taken_as(roles, names))
    lines, faulty, current = [], False, None
    for number, cells in chain(rows, [Row(0, [])]):
        if columns.header and number == first.number:
            continue
        name = cells[columns.sentence].strip() if columns.sentence is not None and len(cells) == width else ""
        if not cells or name and name != current:
            if lines and not faulty:
                yield _sentence(lines, columns)
            lines, faulty, current = [], False, name
            if not cells:
                continue
        if not lines and is_comment(cells):
            bad.add("comment", f"{file}:{number}: {shortened(' '.join(cells))} is a comment", fatal=False)
            continue
        if len(cells) != width or not cells[columns.token]:
            message = f"has {len(cells)} columns and the first line {width}" if len(cells) != width else "has no token"
            line = "\t".join(cells)
            bad.add("wrong columns", f"{file}:{number}: {shortened(line)} {message}", FIX)
            faulty = True
        lines.append((f"{file}:{number}", cells))


def _rows(text: str) -> list[Row]:
    """Between tabs, or blanks where the first line that is no comment has no tab."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    bearing = (line for line in lines if line.strip(" \t") and not line.startswith(DOCUMENT))
    first = next(bearing, "")
    while first.startswith("#") and (following := next(bearing, None)) is not None:
        first = following
    separated = "\t" in first
    return [
        Row(number, [] if not line.strip(" \t") else line.split("\t") if separated else BLANKS.split(line.strip(" \t")))
        for number, line in enumerate(lines, start=1) if not line.startswith(DOCUMENT)
    ]  # fmt: skip


def _csv_rows(text: str, file: Path) -> list[Row]:
    first = text.partition("\n")[0]
    rows = quoted_cells(io.StringIO(text, newline="\n"), delimiter_of(first, file), file)
    match = SEPARATOR.fullmatch(first.rstrip("\r"))
    return [Row(n, cells if any(map(str.strip, cells)) else []) for n, cells in rows if not (match and n == 1)]


def _expected(line: str, file: Path) -> str:
    if file.suffix != ".csv" and len(cells := line.split(",")) > 1 and is_tag(cells[-1].strip()):
        return "a file with commas between the columns must be named .csv"
    return "expected a token, a tab or blank, and its tag; or a header line with text_a and label, as UER-py has it"


def _sentence(lines: list[tuple[str, list[str]]], columns: Columns) -> Sentence:
    places = [place for place, _ in lines]
    tags = [cells[columns.tag].strip() for _, cells in lines] if columns.tag is not None else None
    return Sentence(places[0], [cells[columns.token] for _, cells in lines], places, tags)


def without_positions(sentences: list[Sentence]) -> list[Sentence] | None:
    """The sentences with the position in the word taken off every token (Weibo: 科0 技1); None when there is none."""
    bared, strays, count = [], 0, 0
    for sentence in sentences:
        tokens, position = [], -1
        for token in sentence.tokens:
            if not POSITION.fullmatch(token):
                return None
            position = next((n for n in (position + 1, 0) if token.endswith(str(n)) and token != str(n)), None)
            if position is None:  # real: one token of Weibo's 73,778
                strays, position = strays + 1, int(POSITION.fullmatch(token)[1])
            tokens.append(token[: -len(str(position))])
        count += len(tokens)
        bared.append(sentence._replace(tokens=tokens))
    return bared if strays < 0.01 * count else None
