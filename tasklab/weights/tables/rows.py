"""One row of a name table: names on both sides with a hole for the layer, and how the values change in between."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tasklab.weights.tensors import LazyTensor


class Transform(NamedTuple):
    """How an array changes on its way in (`load`: theirs -> ours) and out (`save`: ours -> theirs).

    Where one of theirs is several of ours, `load` gives a list and `save` takes that many arrays.
    """

    load: Callable
    save: Callable


SAME = Transform(lambda array: array, lambda array: array)
TRANSPOSE = Transform(lambda array: array.T, lambda array: array.T)


def rows_before(count: int) -> Transform:
    """Theirs has `count` more rows in front, zeros."""
    return Transform(
        lambda table: table[count:],
        lambda table: np.concatenate([np.zeros((count, *table.shape[1:]), table.dtype), table]),
    )


def fused(count: int, axis: int = 0, then: Transform = SAME) -> Transform:
    """Theirs is `count` of ours in one tensor, side by side along `axis` of theirs; each may be changed by `then`."""
    return Transform(
        lambda array: [then.load(part) for part in np.split(array, count, axis)],
        lambda *parts: np.concatenate([then.save(part) for part in parts], axis),
    )


class Row(NamedTuple):
    """`ours` is empty where theirs is not a weight."""

    ours: tuple[str, ...]
    theirs: str
    transform: Transform = SAME

    def reads(self, name: str) -> bool:
        """Whether the row is for this name of theirs."""
        return _values(self.theirs, name) is not None

    def load(self, name: str, tensor: LazyTensor) -> dict[str, LazyTensor]:
        """Our tensors for one of theirs, for which the row is."""
        values = _values(self.theirs, name)
        if len(self.ours) == 1:
            return {_filled(self.ours[0], values): tensor.map(self.transform.load)}
        return {
            _filled(ours, values): tensor.map(lambda array, part=part: self.transform.load(array)[part])
            for part, ours in enumerate(self.ours)
        }

    def save(self, name: str, tensors: dict[str, LazyTensor]) -> tuple[str, LazyTensor, list[str]] | None:
        """(their name, their tensor, our names in it) for one of ours; None when the row is not for it."""
        values = next(filter(None, (_values(ours, name) for ours in self.ours)), None)
        if values is None:
            return None
        names = [_filled(ours, values) for ours in self.ours]
        if not all(part in tensors for part in names):
            return None
        parts = [tensors[part] for part in names]
        if len(parts) == 1:
            return _filled(self.theirs, values), parts[0].map(self.transform.save), names
        ghost = self.transform.save(*(part.ghost() for part in parts))
        whole = LazyTensor(ghost.shape, ghost.dtype, lambda: self.transform.save(*map(np.asarray, parts)))
        return _filled(self.theirs, values), whole, names


def row(ours, theirs: str, transform: Transform = SAME) -> Row:
    """(ours, theirs[, Transform]) as a table has it.

    ours: a name; several, where theirs is fused from them; None, where theirs is not a weight.
    In a name `{}` stands for a number and `*` for any rest.
    """
    return Row((ours,) if isinstance(ours, str) else tuple(ours or ()), theirs, transform)


def pair(ours: str, theirs: str, transform: Transform = SAME, leaves=("weight", "bias"), dot: str = ".") -> list[tuple]:
    """The two rows of a module with weight and bias; `leaves` are the other program's words for them.

    The transform applies to the weight only: a bias is a vector.
    """
    return [
        (f"{ours}.weight", f"{theirs}{dot}{leaves[0]}", transform),
        (f"{ours}.bias", f"{theirs}{dot}{leaves[1]}"),
    ]


def _values(pattern: str, name: str) -> tuple[str, ...] | None:
    """What fills the holes; None when the name is another one. A name without holes gives ('',), which is true."""
    hit = _compiled(pattern).fullmatch(name)
    return hit and (hit.groups() or ("",))


def _filled(pattern: str, values) -> str:
    values = iter(values)
    return re.sub(r"\{\}|\*", lambda _: next(values), pattern)


@functools.cache
def _compiled(pattern: str) -> re.Pattern:
    holes = {"{}": r"(0|[1-9]\d*)", "*": "(.+)"}
    return re.compile("".join(holes.get(part) or re.escape(part) for part in re.split(r"(\{\}|\*)", pattern)))
