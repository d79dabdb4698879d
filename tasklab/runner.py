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


class Generator(Runner, Protocol):
    """A runner whose network tells next words: what follows on prompts."""

    def generate(
        self, prompts: Sequence[np.ndarray], settings: GenerationConfig,
        emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (),
    ) -> list[list[Generated]]:  # fmt: skip
        """Per prompt, ids [n], its answers. emit: (number of the prompt, new text) as they come.

        sources: of an encoder-decoder, ids [n] of what each prompt answers; the prompt is how the answer begins, a
        decoder's first token at least.
        """
