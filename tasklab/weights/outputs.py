"""The rows of a head's weights by the names of what they score."""

from __future__ import annotations

import numpy as np

from tasklab.weights.tensors import LazyTensor, lazy

PADDING = "[PAD]"
"""A class of UER-py's taggers that pads its rows, and is never the answer."""
_AXES = {
    "head.classifier.weight": 1, "head.classifier.bias": 1, "head.crf.transitions": 2, "head.crf.start_transitions": 1,
    "head.crf.end_transitions": 1,
}  # fmt: skip
"""Weights -> of how many axes, from the first, each place is one output."""


def rows_by_name(tensors: dict, named: list[str], wanted: list[str]) -> dict[str, LazyTensor]:
    """The tensors with the outputs `wanted`, in this order, of those that are `named`."""
    order = np.array([named.index(name) for name in wanted], np.int64)

    def picked(array):
        return array[order]

    def picked_twice(array):
        return array[np.ix_(order, order)]

    found = {name: lazy(tensor) for name, tensor in tensors.items()}
    for name, axes in _AXES.items():
        if name in found and found[name].shape[0] == len(named):
            found[name] = found[name].map(picked if axes == 1 else picked_twice)
    return found


def answered(labels: list[str]) -> list[str]:
    """Those of the names that may be an answer."""
    return [label for label in labels if label != PADDING]


def unnamed(labels: list[str]) -> bool:
    """Whether they are no names: none, or the numbers that stand in where nobody gave any."""
    return list(labels) == numbered(len(labels))


def numbered(count: int) -> list[str]:
    """transformers' names for classes that have none."""
    return [f"LABEL_{number}" for number in range(count)]
