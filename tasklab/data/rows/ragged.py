"""Rows of different length in one flat array."""

from typing import NamedTuple

import numpy as np

from tasklab.data.rows.protocol import INPUT


class Ragged(NamedTuple):
    """Rows of different length: row i is values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # [total] integers
    offsets: np.ndarray  # [rows + 1] int64, from 0, never falling
    axis: str | None = INPUT
    """What the values run along; columns of one axis are padded to one length. None: for `decode`, never padded."""
    fill: int = 0
    """What padding holds: 0 is a word in GPT-2's vocabulary, and a label may want -100."""

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    def row(self, i: int) -> np.ndarray:
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def select(self, rows: np.ndarray) -> "Ragged":
        lengths = self.lengths[rows]
        values = self.values[spans(self.offsets[:-1][rows], lengths)]
        return self._replace(values=values, offsets=row_offsets(lengths))


def row_offsets(lengths) -> np.ndarray:
    """[n] lengths -> [n + 1] offsets from 0."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def spans(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """starts[0], starts[0] + 1, ... lengths[0] of them, then the same for starts[1], and so on."""
    ends = np.cumsum(lengths, dtype=np.int64)  # [n]
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(np.asarray(starts, np.int64) - ends + lengths, lengths)  # [total]
