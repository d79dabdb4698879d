"""What the engine sees of encoded rows: their lengths along each axis, and padded batches of them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

INPUT = "input"
"""The axis that a network reads along; an encoder-decoder has another one, such as `target`."""

APART = "apart"
"""The column of hashes by which rows are kept out of one optimizer step; no batch has it."""


class Rows(Protocol):
    """Rows of a training, evaluation or prediction. R rows; the tokens of each run along one or more named axes."""

    info: Mapping[str, int]
    """Counts about how the rows were made."""

    @property
    def columns(self) -> frozenset[str]:
        """Names that a batch can have, masks among them."""

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """Axis -> tokens of each row, special ones included, the most in any epoch: [R] int64."""

    @property
    def apart(self) -> np.ndarray | None:
        """Hashes of the texts of each row, [R, T] uint64, 0 for none: rows that share one never stand in one optimizer
        step. None: any rows may."""

    def __len__(self) -> int:
        """R."""

    def of_epoch(self, epoch: int) -> "Rows":
        """The rows as this epoch of a training sees them."""

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        """`rows`, padded to batch_size rows and to the length of each axis; `sample_weight` is 0 for fillers.

        columns: names wanted; None for all that a network may take.
        """

    def digest(self) -> str:
        """Of all that a batch follows from: equal digests, equal batches."""


def mask_name(axis: str) -> str:
    """The column that tells tokens from padding along an axis: `attention_mask`, `target_attention_mask` and such."""
    return "attention_mask" if axis == INPUT else f"{axis}_attention_mask"


def tokens_of(axis: str) -> str:
    """How messages call the tokens along an axis: `tokens`, or `tokens of target` and such."""
    return "tokens" if axis == INPUT else f"tokens of {axis}"
