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


def rows_by_name(tensors: dict, named: list[str], labels: list[str]) -> dict[str, LazyTensor]:
    """The tensors with the outputs `labels`, in this order, of those that are `named`."""
    order = np.array([named.index(name) for name in labels], np.int64)

    def picked(array):
        return array[order]

    def picked_twice(array):
        return array[np.ix_(order, order)]

    lazy_tensors = {name: lazy(tensor) for name, tensor in tensors.items()}
    for name, axes in _AXES.items():
        if name in lazy_tensors and lazy_tensors[name].shape[0] == len(named):
            lazy_tensors[name] = lazy_tensors[name].map(picked if axes == 1 else picked_twice)
    return lazy_tensors


def answered(labels: list[str]) -> list[str]:
    """Those of the names that may be an answer."""
    return [label for label in labels if label != PADDING]


def unnamed(labels: list[str]) -> bool:
    """Whether they are no names: none, or the numbers that stand in where nobody gave any."""
    return list(labels) == numbered(len(labels))


def numbered(count: int) -> list[str]:
    """transformers' names for classes that have none."""
    return [f"LABEL_{number}" for number in range(count)]
