"""Weight names of other programs and their tasklab counterparts (after torchtune's convert_weights.py)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.registry import Registry

FORMATS = Registry("weight format", package="tasklab.weights.tables")
"""Entries are `Format`: the rows of one program's weight names. A new format is one new file here."""


class Transform(NamedTuple):
    """How an array changes on its way in (`load`: theirs -> ours) and out (`save`: ours -> theirs)."""

    load: Callable[[np.ndarray], np.ndarray]
    save: Callable[[np.ndarray], np.ndarray]


SAME = Transform(lambda array: array, lambda array: array)
TRANSPOSE = Transform(lambda array: np.ascontiguousarray(array.T), lambda array: np.ascontiguousarray(array.T))


@dataclass(frozen=True)
class Format:
    """One naming scheme.

    rows: (tasklab name, other name) or (tasklab name, other name, Transform). `{}` stands for a number, `*` for any
        rest of a name; tasklab name None means: not a weight. On the way out the first row that fits is taken.
    spell: maps the spellings found in the wild to the one used in `rows`.
    """

    name: str
    rows: tuple
    spell: Callable[[str], str] = str  # as it is

    def ours(self, name: str):
        """(tasklab name or None, Transform) for a name of this format; None when no row knows it."""
        return _find(self.spell(name), ((row[1], row[0], _transform(row)) for row in self.rows))

    def theirs(self, name: str):
        """(name in this format, Transform) for a tasklab name; None when no row knows it."""
        return _find(name, ((row[0], row[1], _transform(row)) for row in self.rows if row[0]))


def pair(ours: str, theirs: str, transform: Transform = SAME, leaves=("weight", "bias")) -> list[tuple]:
    """The two rows of a module with weight and bias; `leaves` are the other program's words for them.

    The transform applies to the weight only: a bias is a vector.
    """
    return [
        (f"{ours}.weight", f"{theirs}.{leaves[0]}", transform),
        (f"{ours}.bias", f"{theirs}.{leaves[1]}"),
    ]


def to_tasklab(tensors: dict, table: Format) -> tuple[dict, list[str]]:
    """Renames to tasklab names. Returns (mapped, names that no row knows, sorted).

    Two spellings of one weight are fine when their values are equal.
    Raises: CheckpointError when they differ.
    """
    mapped, came_from, unmatched = {}, {}, []
    for name, array in tensors.items():
        found = table.ours(name)
        if found is None:
            unmatched.append(name)
            continue
        ours, transform = found
        if ours is None:
            continue
        value = transform.load(array)
        if ours in mapped and not np.array_equal(mapped[ours], value):
            raise CheckpointError(
                f"{came_from[ours]!r} and {name!r} both name the weight {ours!r}, with different values; "
                "remove one of them from the file"
            )
        mapped[ours], came_from[ours] = value, name
    return mapped, sorted(unmatched)


def from_tasklab(tensors: dict, table: Format) -> tuple[dict, list[str]]:
    """Renames tasklab names to the other program's. Returns (mapped, names that no row knows, sorted)."""
    mapped, unmatched = {}, []
    for name, array in tensors.items():
        found = table.theirs(name)
        if found is None:
            unmatched.append(name)
        else:
            mapped[found[0]] = found[1].save(array)
    return mapped, sorted(unmatched)


def detect(names) -> Format:
    """The format whose rows know most of `names`. Raises: CheckpointError when none knows any."""
    names = list(names)
    scores = {known: sum(FORMATS.get(known).ours(name) is not None for name in names) for known in FORMATS.names()}
    best = max(scores, key=lambda known: scores[known])
    if not scores[best]:
        shown = ", ".join(sorted(names)[:5]) or "none"
        raise CheckpointError(
            f"the weight names fit no known format ({', '.join(scores)}); the file holds {len(names)} names: {shown}"
        )
    return FORMATS.get(best)


def _transform(row: tuple) -> Transform:
    return row[2] if len(row) > 2 else SAME


def _find(name: str, rows):
    for pattern, other, transform in rows:
        hit = _compiled(pattern).fullmatch(name)
        if hit:
            return other and _filled(other, hit.groups()), transform
    return None


def _filled(pattern: str, values) -> str:
    values = iter(values)
    return re.sub(r"\{\}|\*", lambda _: next(values), pattern)


@functools.cache
def _compiled(pattern: str) -> re.Pattern:
    holes = {"{}": r"(0|[1-9]\d*)", "*": "(.+)"}
    return re.compile("".join(holes.get(part) or re.escape(part) for part in re.split(r"(\{\}|\*)", pattern)))
