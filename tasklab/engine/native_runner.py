"""A network that tells next words in the kernels' decoder as a runner: scores rows and generates, and MindSpore is not
imported."""

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tasklab.config import Config, GenerationConfig
from tasklab.console import bar
from tasklab.data.rows.protocol import Rows
from tasklab.engine.generating import generated
from tasklab.engine.native import CAUSAL, PREFIX, SEQ2SEQ, native_decoder
from tasklab.generation.choosing import log_softmax
from tasklab.generation.protocol import Generated
from tasklab.generation.slots import lent
from tasklab.runner import RowOutputs

COLUMNS = {
    CAUSAL: ("documents", "input_ids", "target_ids"),
    **dict.fromkeys((SEQ2SEQ, PREFIX), ("input_ids", "decoder_input_ids", "target_ids")),
}
"""What scores follow from: what sets texts apart or what they answer, their tokens, and the next ones."""
READ = 128
"""Tokens whose logits are there at a time when rows are scored: 25 MB with 49,152 words."""
NONE = -1
"""In target_ids where no token is asked for."""


class NativeRunner:
    """As `runner.Generator`. tensors: by our names; config.precision: of the weights; head: one of COLUMNS."""

    def __init__(self, config: Config, tokenizer, tensors: Mapping[str, np.ndarray], head: str = CAUSAL):
        self.config, self.tokenizer, self.head = config, tokenizer, head
        self.decoder = native_decoder(config.model, tensors, config.precision, head)
        self._turn = threading.Lock()  # whoever has it has all slots

    def __call__(self, rows: Rows) -> RowOutputs:
        """(row number, (log-probability of each target [1, S], 0 where none is asked for,)), row by row."""
        columns = COLUMNS[self.head]
        scored = {CAUSAL: self._documents, SEQ2SEQ: self._answer, PREFIX: self._going_on}[self.head]
        with bar(len(rows), "row") as move:
            for number in range(len(rows)):
                lengths = {axis: int(own[number]) for axis, own in rows.lengths.items()}
                batch = rows.batch([number], lengths, 1, columns)
                with self._turn, lent(self.decoder, [0]):
                    logs = scored(*(batch[name][0] for name in columns))
                yield np.array([number]), (logs[None],)
                move(1)

    def _documents(self, documents: np.ndarray, ids: np.ndarray, targets: np.ndarray) -> np.ndarray:
        log_probs = np.zeros(len(ids), np.float32)
        for document in np.unique(documents[documents > 0]):
            places = np.flatnonzero(documents == document)
            with lent(self.decoder, [0]):
                log_probs[places] = self._log_probs(ids[places], targets[places])
        return log_probs

    def _answer(self, source: np.ndarray, ids: np.ndarray, targets: np.ndarray) -> np.ndarray:
        self.decoder.read([0], [source])
        return self._log_probs(ids, targets)

    def _going_on(self, source: np.ndarray, ids: np.ndarray, targets: np.ndarray) -> np.ndarray:
        first = log_softmax(self.decoder.extend([0], [source]))  # [1, V]
        rest = self._log_probs(ids[1:], targets[1:]) if len(ids) > 1 else ()  # a target may have no token but its end
        return np.append(first[0, targets[:1]], rest).astype(np.float32)

    def _log_probs(self, ids: np.ndarray, targets: np.ndarray) -> np.ndarray:
        log_probs = np.zeros(len(ids), np.float32)
        for part in np.split(np.arange(len(ids)), range(READ, len(ids), READ)):
            logs = log_softmax(self.decoder.scores([0], [ids[part]])[0])  # [n, V]
            asked = targets[part] != NONE
            log_probs[part[asked]] = logs[asked, targets[part][asked]]
        return log_probs

    def generate(
        self, prompts: Sequence[np.ndarray], settings: GenerationConfig,
        emit: Callable[[int, str], object] | None = None, sources: Sequence[np.ndarray] = (), retry: int = 0,
    ) -> list[list[Generated]]:  # fmt: skip
        """See `engine.generating`."""
        seed = self.config.seed + retry
        with self._turn:
            return generated(self.decoder, self.tokenizer, seed, prompts, settings, emit, sources)
