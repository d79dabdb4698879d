"""Weights that let rare classes count as much as frequent ones."""

from collections.abc import Sequence

import numpy as np

from tasklab.config import LossConfig
from tasklab.errors import ConfigError
from tasklab.registry import unknown_name

UNEVEN, MOST, FEW = 5, 10, 2000
"""Rows of the largest class per row of the smallest from which classes are weighted where nobody said anything, the
largest such weight per the smallest, and the rows below which that is done: with more, rare classes are learned as they
are (measured: docs/measurements.md, small data)."""


def calls_for_weights(counts: Sequence[int]) -> bool:
    """Whether classes with so many rows each are weighted unasked."""
    there = [count for count in counts if count]
    return len(there) > 1 and UNEVEN * min(there) <= max(there) and sum(there) < FEW


def balanced_weights(counts: Sequence[int], max_ratio: float | None = None) -> np.ndarray:
    """[C] rows / (C * rows of the class), as scikit-learn's `balanced`; a class without rows counts as if it had one.

    max_ratio: the largest weight is at most this many times the smallest.
    """
    counts = np.maximum(np.asarray(counts, np.float64), 1)
    weights = counts.sum() / (len(counts) * counts)
    return weights if max_ratio is None else np.minimum(weights, max_ratio * weights.min())


def presence_weights(counts: Sequence[int], rows: int, max_ratio: float | None = None) -> np.ndarray:
    """[C] rows without the label / rows with it, for labels that do not exclude each other; at most `max_ratio`."""
    counts = np.asarray(counts, np.float64)
    weights = (rows - counts) / np.maximum(counts, 1)
    return weights if max_ratio is None else np.minimum(weights, max_ratio)


def class_weights(config: LossConfig, labels: Sequence[str]) -> list[float] | None:
    """The weights that are set, in the order of the labels; None when there are none.

    Raises: ConfigError for a name that is no label.
    """
    for name in config.class_weights:
        if name not in labels:
            raise ConfigError(f"loss.class_weights: {unknown_name('label', name, labels)}")
    return [config.class_weights.get(name, 1.0) for name in labels] if config.class_weights else None
