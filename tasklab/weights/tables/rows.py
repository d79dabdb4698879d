"""One row of a name table: names on both sides with a hole for the layer, and how the values change in between."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tasklab.weights.tensors import LazyTensor, together


class Transform(NamedTuple):
    """How arrays change on their way in (`load`: theirs -> ours) and out (`save`: ours -> theirs).

    With as many of theirs as of ours each changes alone. Else a function takes all of one side and gives the other,
    a list where that is several.
    """

    load: Callable
    save: Callable


def _same(array):
    return array


SAME = Transform(_same, _same)
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
        lambda *ours: np.concatenate([then.save(part) for part in ours], axis),
    )


class Row(NamedTuple):
    """Names of one or more weights on both sides, for tensors of which all are there. `ours` is empty where theirs is
    not a weight."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    transform: Transform = SAME

    def reads(self, name: str, names) -> bool:
        """Whether the row is for this name of theirs, among `names`."""
        return _names(self.theirs, name, names) is not None

    def load(self, name: str, tensors) -> tuple[dict[str, LazyTensor], list[str]] | None:
        """(our tensors, the names of theirs that they hold) for one of theirs; None when the row is not for it."""
        return _moved(name, tensors, self.theirs, self.ours, self.transform.load)

    def save(self, name: str, tensors) -> tuple[dict[str, LazyTensor], list[str]] | None:
        """(their tensors, the names of ours that they hold) for one of ours; None when the row is not for it."""
        return _moved(name, tensors, self.ours, self.theirs, self.transform.save)


def row(ours, theirs, transform: Transform = SAME) -> Row:
    """(ours, theirs[, Transform]) as a table has it.

    ours, theirs: a name, or several; None for ours, where theirs is not a weight.
    In a name `{}` stands for a number and `*` for any rest, the same ones in all names of a row.
    """
    return Row(*((names,) if isinstance(names, str) else tuple(names or ()) for names in (ours, theirs)), transform)


def pair(ours: str, theirs: str, transform: Transform = SAME, leaves=("weight", "bias"), dot: str = ".") -> list[tuple]:
    """The two rows of a module with weight and bias; `leaves` are the other program's words for them.

    The transform applies to the weight only: a bias is a vector.
    """
    return [
        (f"{ours}.weight", f"{theirs}{dot}{leaves[0]}", transform),
        (f"{ours}.bias", f"{theirs}{dot}{leaves[1]}"),
    ]


TRAINING_STATE = tuple(
    (None, name) for name in ("adam_m.*", "adam_v.*", "global_step", "epoch_num", "step_num", "loss_scale")
)
"""Rows of what MindSpore's trainings store beside weights, for nothing here."""


def spelled_behind(prefix: str, inside: tuple[str, ...]):
    """A spelling that puts `prefix` in front of names that begin as `inside`, those of a network alone; what data
    parallel puts there goes."""

    def spell(name: str) -> str:
        name = re.sub(r"^(module\.)+", "", name)
        return prefix + name if name.startswith(inside) else name

    return spell


def _moved(name: str, tensors, sources, targets, change) -> tuple[dict[str, LazyTensor], list[str]] | None:
    matched = _names(sources, name, tensors)
    if matched is None:
        return None
    values, names = matched
    originals, made = [tensors[part] for part in names], [_filled(target, values) for target in targets]
    if len(originals) == len(made):
        moved = originals if change is _same else [part.map(change) for part in originals]
        return dict(zip(made, moved, strict=True)), names
    return dict(zip(made, together(originals, len(made), change), strict=True)), names


def _names(patterns, name: str, names) -> tuple[tuple[str, ...], list[str]] | None:
    """(what fills the holes, all names of the row); None when `name` is another one, or one of them is missing."""
    values = next(filter(None, (_values(pattern, name) for pattern in patterns)), None)
    filled = values and [_filled(pattern, values) for pattern in patterns]
    return (values, filled) if filled and all(part in names for part in filled) else None


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
