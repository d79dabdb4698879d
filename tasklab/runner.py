"""What computes rows for a task: a network in memory, and whatever else can; tasks know no more of it than this."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from tasklab.config import GenerationConfig
from tasklab.data.rows.protocol import Rows
from tasklab.generation.protocol import Generated

RowOutputs = Iterable[tuple[np.ndarray, tuple[np.ndarray, ...]]]
"""Batches of (row numbers [n], network outputs, each [n, ...] float32), in any order; every row exactly once."""


class Runner(Protocol):
    """run(rows) -> RowOutputs."""

    def __call__(self, rows: Rows) -> RowOutputs: ...


class Comparer(Runner, Protocol):
    """A runner whose network compares two texts by their vectors, which it gives for rows of one text each."""

    def compare(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Vectors [N, H] of the first and the second texts -> what the network gives for these pairs, [N, C]."""


def gathered(outputs: RowOutputs, count: int) -> np.ndarray:
    """The network's first output of `count` rows in their order, [count, ...]; at least one of them."""
    values = None
    for numbers, (output, *_) in outputs:
        if values is None:
            values = np.zeros((count, *output.shape[1:]), output.dtype)
        values[numbers] = output
    return values


def compared_once(run: Comparer, pairs: tuple[np.ndarray, np.ndarray]) -> Runner:
    """Of rows of one text each, every one read once: what the network gives for pairs of them.

    pairs: which row is the first and which the second text of each.
    """

    def outputs(rows: Rows) -> RowOutputs:
        vectors = gathered(run(rows), len(rows))  # [rows, H]
        yield np.arange(len(pairs[0])), (run.compare(*(vectors[numbers] for numbers in pairs)),)

    return outputs


class Generator(Runner, Protocol):
    """A runner whose network tells next words: what follows on prompts."""

    def generate(
        self, prompts: Sequence[np.ndarray], settings: GenerationConfig,
        emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (), retry: int = 0,
    ) -> list[list[Generated]]:  # fmt: skip
        """Per prompt, ids [n], its answers. Threads take turns.

        emit: (number of the prompt, new text) as the first of them comes; it must not ask the runner, whose turn is not
        over.
        sources: of an encoder-decoder, ids [n] of what each prompt answers; the prompt is how the answer begins, a
        decoder's first token at least.   retry: how often the same was asked before; each time is drawn anew.
        """
