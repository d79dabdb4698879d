"""Labelled rows two by two, alike or not, other ones in every epoch (the pairs of SetFit, Tunstall et al. 2022)."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tasklab.data.rows.draws import draw
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import INPUT
from tasklab.data.texts.settings import TextDataConfig
from tasklab.digest import content_sha256


@dataclass
class ContrastDataConfig(TextDataConfig, path="data"):
    """Which columns hold the texts and the label."""

    passed_over = (*TextDataConfig.passed_over, "soft_targets", "output_submission")


class ContrastRows:
    """Every row twice in an epoch: beside another one of its class, and beside one of another class, as (seed, epoch,
    row) say; see `protocol.Rows`. A row that is alone in its class stands beside itself.

    Batches have two texts a row, `alike` [B] says 1 for one class and 0 for two.

    Args:
        table: N rows of one part each, with the column `labels`: the class of each, from 0.
        weights: [N] how much each counts where a classifier is fitted to the vectors.
    """

    apart = None

    def __init__(self, table: FeatureTable, weights: np.ndarray, seed: int):
        self.table, self.weights, self.seed, self.epoch = table, weights, seed, 0
        self.info = table.info
        labels = table["labels"]
        self._same = {c: np.flatnonzero(labels == c) for c in np.unique(labels).tolist()}
        self._others = {c: np.flatnonzero(labels != c) for c in self._same}

    def __len__(self) -> int:
        return 2 * len(self.table)

    @property
    def columns(self) -> frozenset[str]:
        return self.table.columns - {"labels"} | {"alike"}

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """Any row may stand beside the longest one."""
        return {axis: np.full(len(self), own.max()) for axis, own in self.table.lengths.items()}

    def of_epoch(self, epoch: int) -> "ContrastRows":
        rows = copy.copy(self)
        rows.epoch = epoch
        return rows

    def digest(self) -> str:
        return content_sha256({
            "table": self.table.digest(), "weights": self.weights, "seed": self.seed, "epoch": self.epoch,
        })  # fmt: skip

    def pair(self, row: int) -> tuple[int, int]:
        """Which rows of the table stand beside each other: even rows are of one class, odd ones of two."""
        one, differs = divmod(row, 2)
        label = int(self.table["labels"][one])
        offered = self._others[label] if differs else self._same[label]
        if not differs and len(offered) > 1:
            offered = offered[offered != one]
        bits = draw(self.seed, self.epoch, row, 1)[0]
        return one, int(offered[int(bits % np.uint64(len(offered)))])

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        rows = np.asarray(rows, np.int64)
        both = np.array([self.pair(row) for row in rows.tolist()], np.int64).reshape(-1)  # [2 n]
        ragged = {name: c.select(both) for name, c in self.table.ragged.items() if c.axis == INPUT}
        table = FeatureTable(ragged, {"alike": (1 - rows % 2).astype(np.float32)}, self.info, sequences=2)
        return table.batch(np.arange(len(rows)), lengths, batch_size, columns)
