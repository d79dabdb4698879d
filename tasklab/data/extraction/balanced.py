"""Fewer rows without an answer than there are, other ones in every epoch of a training."""

import copy
from collections.abc import Iterable, Mapping

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import INPUT
from tasklab.data.rows.ragged import Ragged
from tasklab.digest import content_sha256


class BalancedRows:
    """All rows with an answer, and `ratio` of the others for each of them, as (seed, epoch) say; see `protocol.Rows`.

    Where nine rows of ten have no answer, a network from a random start learns that there never is one and stays there.
    The rows without one are cut into groups of like length, as many as are drawn; each gives one row to an epoch, so
    that little is padded.

    Args:
        table: rows of `prompt_windows` with targets, some of them with an answer.
    """

    apart = None

    def __init__(self, table: FeatureTable, ratio: float, seed: int):
        self.table, self.seed, self.epoch = table, seed, 0
        self.info, self.columns, self.sequences = table.info, table.columns, table.sequences
        marked = _marked(table["start_labels"])
        empty = np.flatnonzero(~marked)
        size = table.lengths[INPUT][empty]
        self._answered, self._others = np.flatnonzero(marked), empty[np.argsort(size, kind="stable")]
        groups = min(len(empty), max(1, round(ratio * len(self._answered))))
        self._edges = np.arange(groups + 1) * len(empty) // max(1, groups)  # of the groups among the others

    def __len__(self) -> int:
        return len(self._answered) + len(self._edges) - 1

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        longest = np.concatenate([self._answered, self._others[self._edges[1:] - 1]])  # the last of each group
        return {axis: sizes[longest] for axis, sizes in self.table.lengths.items()}

    def along(self, axis: str) -> Ragged:
        """What the rows are drawn from."""
        return self.table.along(axis)

    def of_epoch(self, epoch: int) -> "BalancedRows":
        rows = copy.copy(self)
        rows.epoch = epoch
        return rows

    @property
    def numbers(self) -> np.ndarray:
        """Which rows of the table this epoch has."""
        drawn = np.random.default_rng([self.seed, self.epoch]).integers(self._edges[:-1], self._edges[1:])
        return np.concatenate([self._answered, self._others[drawn]])

    def digest(self) -> str:
        return content_sha256({"table": self.table.digest(), "rows": self.numbers})

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        return self.table.batch(self.numbers[rows], lengths, batch_size, columns)


def _marked(labels: Ragged) -> np.ndarray:
    """[rows] bool: whether an answer starts in it."""
    owner = np.repeat(np.arange(len(labels.offsets) - 1), labels.lengths)
    return np.bincount(owner[labels.values == 1], minlength=len(labels.offsets) - 1) > 0
