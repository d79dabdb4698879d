"""The answers that are wrong, each with what a person needs to look into it: the same columns for every task."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

NUMBER = re.compile(r":(\d+)(?:: |$)")
POSITION = re.compile(r"\[(\d+)\]$")
"""How places end that name a line, or a row of a table without lines."""


class Shown(NamedTuple):
    """What is shown of an example. score: how sure the model is of its answer, from 0 to 1, where that is known."""

    text: str
    line: str
    id: str
    score: float | None
    more: dict


def shown(example, text: str, score: float | None = None, **more) -> Shown:
    """Of an example with a place and an id. more: further columns, the same for all examples of a task."""
    return Shown(text, line_of(example.place), str(example.id), score, more)


def wrong_row(shown: Shown, truth, answer) -> dict:
    """One row of the table."""
    asked = {"text": shown.text, "line": shown.line, "id": shown.id}
    return {**asked, "truth": truth, "answer": answer, "score": shown.score, **shown.more}


def wrong_rows(references: Iterable, predicted: Iterable, shown: Iterable[Shown]) -> list[dict]:
    """The rows of the examples where they differ."""
    rows = zip(references, predicted, shown, strict=True)
    return [wrong_row(what, right, guess) for right, guess, what in rows if right != guess]


def farthest_rows(references: Sequence[float], predicted: Sequence[float], shown: Sequence[Shown], off) -> list[dict]:
    """The tenth of the examples that is farthest off, the farthest first; score is how far.

    off: [N] distances, signed.
    """
    order = sorted(range(len(references)), key=lambda i: -abs(off[i]))[: -(-len(references) // 10)]
    rows = [wrong_row(shown[i]._replace(score=round(float(off[i]), 4)), references[i], predicted[i]) for i in order]
    return [row for row in rows if row["score"]]


def line_of(place: str) -> str:
    """The line that a place names, or where it is in a file without lines; the place itself where it is neither."""
    if match := NUMBER.search(place):
        return match[1]
    if ": " in place:
        return place.rpartition(": ")[2]
    return match[1] if (match := POSITION.search(place)) else place
