"""Tagged sentences from text files: a token and its tag per line (CoNLL), or a sentence per line (UER-py's TSV)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.tagging.schemes import Entity
from tasklab.errors import DataError

FIX = "correct the line or set data.on_bad_row: skip"
BLANKS = re.compile("[ \t]+")
POSITION = re.compile(r".+?(0|[1-9]\d*)", re.DOTALL)
DOCUMENT = "-DOCSTART-"  # CoNLL-2003 begins its documents with such a line


class Sentence(NamedTuple):
    """As the file has it: tokens with a tag each, or with entities, or with neither."""

    place: str
    tokens: list[str]
    token_places: list[str]
    """Where each token stands, for messages about its tag."""
    tags: list[str] | None = None
    entities: list[Entity] | None = None


def column_sentences(text: str, file: Path, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    """Sentences with blank lines between them; the first column is the token, the last one the tag.

    Columns stand between tabs, or between blanks where the first line has no tab. A line of blanks and tabs counts as
    blank; the last sentence needs none behind it. A sentence with a faulty line is left out.
    """
    columns, separated, lines, faulty = 0, False, [], False
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        line = line.removesuffix("\r")
        if not line.strip(" \t"):
            if lines and not faulty:
                yield _sentence(lines, labelled)
            lines, faulty = [], False
            continue
        if line.startswith(DOCUMENT):
            continue
        place = f"{file}:{number}"
        if not columns:
            separated = "\t" in line
        cells = line.split("\t") if separated else BLANKS.split(line.strip(" \t"))
        if not columns:
            columns = len(cells)
            if labelled and columns < 2:
                told = f"{place}: {shortened(line)} is one column; expected a token, a tab or blank, and its tag"
                raise DataError(f"{told}; or a header line with text_a and label, as UER-py has it")
        if len(cells) != columns or not cells[0]:
            told = f"has {len(cells)} columns and the first line {columns}" if cells[0] else "has no token"
            bad.add("wrong columns", f"{place}: {shortened(line)} {told}; {FIX}")
            faulty = True
        lines.append((place, cells))


def _sentence(lines: list[tuple[str, list[str]]], labelled: bool) -> Sentence:
    places = [place for place, _ in lines]
    tags = [cells[-1].strip() for _, cells in lines] if labelled else None
    return Sentence(places[0], [cells[0] for _, cells in lines], places, tags)


def has_header(text: str) -> bool:
    """Whether the first line names the columns of a table with one sentence per line."""
    return "text_a" in text.partition("\n")[0].removesuffix("\r").split("\t")


def table_sentences(text: str, file: Path, bad: BadRows, labelled: bool) -> Iterator[Sentence]:
    """Rows of the columns text_a and label, in any order; tokens and tags with single blanks between them.

    Raises: DataError when the header names no label column.
    """
    header, *lines = (line.removesuffix("\r") for line in text.split("\n"))
    names = header.split("\t")
    if labelled and "label" not in names:
        raise DataError(f"{file}:1: the header names {', '.join(names)}; a column 'label' with the tags is missing")
    for number, line in enumerate(lines, start=2):
        place, cells = f"{file}:{number}", line.split("\t")
        if not line.strip():
            continue
        if len(cells) != len(names):
            bad.add("wrong columns", f"{place}: has {len(cells)} cells instead of {len(names)} ({header!r}); {FIX}")
            continue
        row = dict(zip(names, cells, strict=True))
        tokens = row["text_a"].strip(" ").split(" ")
        tags = row["label"].strip(" ").split(" ") if labelled else None
        if "" in tokens:
            bad.add("empty token", f"{place}: two blanks stand together behind token {tokens.index('')}; {FIX}")
        elif tags is not None and len(tags) != len(tokens):
            bad.add("tokens without tags", f"{place}: has {len(tokens)} tokens and {len(tags)} tags; {FIX}")
        else:
            yield Sentence(place, tokens, [f"{place}: token {i}" for i in range(1, len(tokens) + 1)], tags)


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
