"""A causal network in the kernels' decoder as a runner: scores rows and generates, and MindSpore is not imported."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tasklab.config import Config, GenerationConfig
from tasklab.console import bar
from tasklab.data.rows.protocol import INPUT, Rows
from tasklab.engine.generating import generated
from tasklab.engine.native import native_decoder
from tasklab.generation.choosing import log_softmax
from tasklab.generation.protocol import Generated
from tasklab.runner import RowOutputs

COLUMNS = ("input_ids", "documents", "target_ids")
READ = 128
"""Tokens whose logits are there at a time when rows are scored: 25 MB with 49,152 words."""
NONE = -1
"""In target_ids where no token is asked for."""


class NativeRunner:
    """As `runner.Generator`. tensors: by our names; config.precision: of the weights."""

    def __init__(self, config: Config, tokenizer, tensors: Mapping[str, np.ndarray]):
        self.config, self.tokenizer = config, tokenizer
        self.decoder = native_decoder(config.model, tensors, config.precision)

    def __call__(self, rows: Rows) -> RowOutputs:
        """(row number, (log-probability of each target [1, S], 0 where none is asked for,)), row by row."""
        with bar(len(rows), "row") as move:
            for number, length in enumerate(rows.lengths[INPUT].tolist()):
                batch = rows.batch([number], {INPUT: length}, 1, COLUMNS)
                yield np.array([number]), (self._scored(*(batch[name][0] for name in COLUMNS))[None],)
                move(1)

    def _scored(self, ids: np.ndarray, documents: np.ndarray, targets: np.ndarray) -> np.ndarray:
        found = np.zeros(len(ids), np.float32)
        for document in np.unique(documents[documents > 0]):
            places = np.flatnonzero(documents == document)
            for part in np.split(places, range(READ, len(places), READ)):
                logs = log_softmax(self.decoder.scores([0], [ids[part]])[0])  # [n, V]
                asked = targets[part] != NONE
                found[part[asked]] = logs[asked, targets[part][asked]]
            self.decoder.cut([0], [0])
        return found

    def generate(
        self, prompts: Sequence[np.ndarray], settings: GenerationConfig,
        emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (),
    ) -> list[list[Generated]]:  # fmt: skip
        """See `engine.generating`."""
        return generated(self.decoder, self.tokenizer, self.config.seed, prompts, settings, emit, sources)
