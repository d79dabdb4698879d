"""What gives logits token by token, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

STOP, LENGTH = "stop", "length"
"""Why an answer ended: by a token or text that ends it, or by its allowed length."""


class Decoder(Protocol):
    """Texts in slots. The logits of a slot are the same bits whatever else a call holds, and however its tokens were
    cut into calls."""

    prefix: bool
    """Whether a slot's first tokens, those of one call, see each other, as a source's do; then logits follow from
    where a text was cut there, and from nowhere else."""
    vocab_size: int
    max_length: int
    """Tokens that a slot may hold, prompt included."""

    def read(self, slots: Sequence[int], sources: Sequence[Sequence[int]]):
        """Gives free slots the texts that their tokens will answer. Of encoder-decoders: others never get a source."""

    def extend(self, slots: Sequence[int], tokens: Sequence[Sequence[int]]) -> np.ndarray:
        """Reads at least one token into each slot: logits [R, V] float32 behind the last one of each."""

    def copy(self, sources: Sequence[int], targets: Sequence[int], lengths: Sequence[int]):
        """The first tokens of slots, and what these answer, become those of others, all at once."""

    def cut(self, slots: Sequence[int], lengths: Sequence[int]):
        """Forgets what is behind; 0 frees a slot, and it answers nothing any more."""


class Growing(Protocol):
    """What is found behind one prompt, in one slot of its own or a few."""

    def take(self, logits: np.ndarray) -> tuple[Sequence[int], Sequence[int]]:
        """Of logits [n, V], a row for each of its texts: (which rows go on, the next token of each of these), a row
        perhaps several times; at the end none."""

    def shown(self) -> str:
        """Text that may be shown now and was not before."""

    def answers(self) -> list["Generated"]:
        """When none goes on: best first."""


@dataclass(frozen=True)
class Generated:
    """One answer.

    ids: without the token that ended it.   log_probabilities: of each of them, as the model has it, and of the one that
    ended it.   score: their mean; of beams the score that chose it.   reason: STOP or LENGTH.   text: what ids read.
    """

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]
    score: float
    reason: str
    text: str = ""
