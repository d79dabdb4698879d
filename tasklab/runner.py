"""What computes rows for a task: a network in memory, and whatever else can; tasks know no more of it than this."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from tasklab.data.rows.protocol import Rows

RowOutputs = Iterable[tuple[np.ndarray, tuple[np.ndarray, ...]]]
"""Batches of (row numbers [n], network outputs, each [n, ...] float32), in any order; every row exactly once."""


class Runner(Protocol):
    """run(rows) -> RowOutputs."""

    def __call__(self, rows: Rows) -> RowOutputs: ...
