"""Which column of a file with a token per line holds the tokens, which the tags, and which tells the sentences."""

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from tasklab.data.files.problems import listed, shortened
from tasklab.data.tagging.schemes import is_tag
from tasklab.errors import DataError, MissingColumns

TOKEN = ("token", "word", "words", "form", "character", "char")
TAG = ("tag", "tags", "ner_tag", "ner_tags", "ner", "label", "labels", "iob", "bio", "entity", "ne")
SENTENCE = ("sentence #", "sentence_id", "sentence id", "sentence_idx", "sent_id", "sentence", "sent #")
LOOKED_AT = 200  # rows that show what a column holds


class NamedColumns(NamedTuple):
    """data.token, data.tag, data.sentence: a name in the header, or a number from 1; None leaves it to the file."""

    token: str | None = None
    tag: str | None = None
    sentence: str | None = None


USUAL = NamedColumns()


class Columns(NamedTuple):
    """Positions from 0, and whether the first row only names them. tag: None where tags are not read."""

    token: int
    tag: int | None
    sentence: int | None
    header: bool


def columns_of(
    rows: Sequence[list[str]], place: str, settings: NamedColumns, labelled: bool, doubtful: bool
) -> Columns:
    """What the columns of all rows of a file are: the first is the token, the last the tag, unless a name says so.

    place: of the first row.   doubtful: whether to take what looks wrong.
    Raises: DataError when there is no such column, or another one looks right; MissingColumns for names nobody knows.
    """
    names = [cell.strip().lower() for cell in rows[0]]
    header = not is_tag(rows[0][-1].strip()) and bool({*TOKEN} & {*names}) and (not labelled or bool({*TAG} & {*names}))
    header = header or any(name is not None and not name.isdecimal() for name in settings)

    def find(setting: str, usual: Sequence[str], otherwise: int | None) -> int | None:
        name = getattr(settings, setting)
        if name is None:
            return next((names.index(n) for n in usual if n in names), otherwise) if header else otherwise
        if name.isdecimal() and 1 <= int(name) <= len(names):
            return int(name) - 1
        if name.lower() in names:
            return names.index(name.lower())
        raise DataError(
            f"{place}: no column {name!r} (data.{setting}); give its number, 1 to {len(names)}, or its name in the "
            f"first line: {listed(rows[0])}"
        )

    last = len(names) - 1
    columns = Columns(find("token", TOKEN, 0), find("tag", TAG, last) if labelled else None,
                      find("sentence", SENTENCE, None), header)  # fmt: skip
    if labelled and not header and settings == USUAL and (guessed := _by_content(rows)) is not None:
        if doubtful:
            return guessed
        raise _other_names([cell.strip() for cell in rows[0]], place, guessed)
    if not doubtful:
        _refuse_doubtful(rows[header:], place, columns, settings)
    return columns


def _by_content(rows: Sequence[list[str]]) -> Columns | None:
    """The columns below a first row that can only name them, by what they hold; None where there is no such row."""
    names, some = [cell.strip() for cell in rows[0]], rows[1 : LOOKED_AT + 1]
    cells = [[row[i].strip() for row in some] for i in range(len(names))]
    tags = [i for i, held in enumerate(cells) if all(map(is_tag, held)) and {*held} - {"O"} and not is_tag(names[i])]
    if len(names) < 2 or len(some) < 2 or len(tags) != 1 or not all(map(str.isalpha, "".join(names).split())):
        return None
    words = [i for i, held in enumerate(cells) if i not in tags and all(held) and not all(map(str.isdecimal, held))]
    token = max(words, key=lambda i: len({*cells[i]}), default=None)  # of all others the words differ most
    if token is None:
        return None
    # a sentence is named where it begins, or in each of its rows
    runs = {i: sum(a == b or not b for a, b in zip(cells[i], cells[i][1:], strict=False)) for i in range(len(names))}
    marks = [i for i in runs if i not in (token, *tags) and runs[i] > len(some) / 3]
    return Columns(token, tags[0], max(marks, key=runs.get, default=None), header=True)


def _other_names(names: Sequence[str], place: str, guessed: Columns) -> MissingColumns:
    roles = {"token": guessed.token, "tag": guessed.tag, "sentence": guessed.sentence}
    settings = [f"data.{role}={names[i]}" for role, i in roles.items() if i is not None]
    unused = [name for i, name in enumerate(names) if i not in roles.values()]
    lines = [
        f"{place}: no column for data.token, known names: {', '.join(TOKEN)}",
        f"no column for data.tag, known names: {', '.join(TAG)}",
        f"the columns are {listed([repr(name) for name in names])}",
        f"by what they hold: {shlex.join(settings)}" + (f" (unused {listed(unused)})" if unused else ""),
    ]
    return MissingColumns("\n  ".join(lines), settings)


def _refuse_doubtful(rows: Sequence[list[str]], place: str, columns: Columns, settings: NamedColumns):
    width = len(rows[0]) if rows else 0
    rows = [row for row in rows if len(row) == width]
    some = rows[:LOOKED_AT]
    if columns.tag is not None and settings.tag is None and not any(is_tag(row[columns.tag].strip()) for row in some):
        cells = [{row[i].strip() for row in some} for i in range(width)]
        tags = [i for i, held in enumerate(cells) if all(map(is_tag, held)) and held - {"O"}]
        if len(tags) == 1:
            other = next(i for i in range(width) if i != tags[0])
            raise DataError(
                f"{place}: column {columns.tag + 1} holds no tags ({shortened(some[0][columns.tag])}), but column "
                f"{tags[0] + 1} does; name both: data.tag={tags[0] + 1} data.token={other + 1}"
            )
    if settings.token is None and not columns.header and width > 2 and len(rows) > 1:
        if all(row[0].isdecimal() for row in rows) and not all(row[1].isdecimal() for row in some):
            raise DataError(
                f"{place}: the first column holds numbers alone ({listed([row[0] for row in rows[:3]])}), which would "
                f"be taken for the words; name the column of the words, such as data.token=2 "
                f"({listed([row[1] for row in rows[:3]])}), or data.token=1 if these are the words"
            )
