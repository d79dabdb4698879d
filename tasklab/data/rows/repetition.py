"""Rows that say some of their tokens twice, others in every epoch (ESimCSE: Wu et al. 2022, arXiv 2109.04380).

Two texts of one meaning then differ in length too, so that a model cannot tell a pair by its length alone.
"""

import copy
from collections.abc import Iterable, Mapping

import numpy as np

from tasklab.data.rows.draws import draw
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import INPUT
from tasklab.digest import content_sha256

SHORT = 5
"""Tokens of a text, [CLS] and [SEP] among them, up to which none is repeated."""
SIDES = ("none", "one_side", "both")


class RepeatedRows:
    """Rows of a table whose tokens repeat as (seed, epoch, row) say; see `protocol.Rows`.

    Of n tokens, those of padding never among them, k are written twice, k drawn from 0 .. max(2, rate * n) alike; never
    one of `marks`, and never more than fit into max_seq_length. All columns along the input repeat with their tokens.

    Args:
        marks: ids of [CLS], [SEP] and such.
        sides: "one_side" repeats in the last text of each row, "both" in every one.
        rate: share of the tokens that is repeated at most.
    """

    def __init__(
        self, table: FeatureTable, marks: Iterable[int], sides: str, rate: float, max_seq_length: int, seed: int
    ):  # fmt: skip
        self.table, self.marks, self.sides, self.rate = table, sorted(marks), sides, rate
        self.max_seq_length, self.seed, self.epoch = max_seq_length, seed, 0
        self.info, self.columns, self.apart, self.sequences = table.info, table.columns, table.apart, table.sequences

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, name: str):
        """The column as it is without repetitions."""
        return self.table[name]

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        own = np.diff(self.table.along(INPUT).offsets).reshape(-1, self.sequences)  # [R, sequences]
        longest = np.where(self._repeating(), own + self._most(own), own)
        return {**self.table.lengths, INPUT: longest.max(axis=1)}

    def of_epoch(self, epoch: int) -> "RepeatedRows":
        rows = copy.copy(self)
        rows.epoch = epoch
        return rows

    def digest(self) -> str:
        return content_sha256({
            "table": self.table.digest(), "marks": self.marks, "sides": self.sides, "rate": self.rate,
            "most": self.max_seq_length, "seed": self.seed, "epoch": self.epoch,
        })  # fmt: skip

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        rows = np.asarray(rows, np.int64)
        own = self.table.select(rows)
        times = self._times(rows, own)
        ends = np.append(0, np.cumsum(times))
        ragged = {
            name: column._replace(values=np.repeat(column.values, times), offsets=ends[column.offsets])
            for name, column in own.ragged.items()
            if column.axis == INPUT
        }
        ragged = {**own.ragged, **ragged}
        repeated = FeatureTable(ragged, own.dense, own.info, self.sequences)
        return repeated.batch(np.arange(len(rows)), lengths, batch_size, columns)

    def _repeating(self) -> np.ndarray:
        """[sequences] bool"""
        return np.arange(self.sequences) >= (0 if self.sides == "both" else self.sequences - 1)

    def _most(self, lengths: np.ndarray) -> np.ndarray:
        """How many tokens of texts of these lengths are repeated at most."""
        most = np.maximum(2, (self.rate * lengths).astype(np.int64)) * (lengths > SHORT)
        return np.maximum(0, np.minimum(most, self.max_seq_length - lengths))

    def _times(self, rows: np.ndarray, own: FeatureTable) -> np.ndarray:
        """[tokens] 1 or 2: how often each token of these rows is said."""
        tokens = own.along(INPUT)
        free = ~np.isin(own["input_ids"].values, self.marks)  # [tokens]
        times = np.ones(len(tokens.values), np.int64)
        starts = tokens.offsets  # [rows * sequences + 1]
        for place, row in enumerate(rows.tolist()):
            first = starts[place * self.sequences]
            bits = draw(self.seed, self.epoch, row, self.sequences + int(starts[(place + 1) * self.sequences] - first))
            for part in np.flatnonzero(self._repeating()):
                start, stop = starts[place * self.sequences + part : place * self.sequences + part + 2]
                most = int(self._most(stop - start))
                count = int(bits[part] % np.uint64(most + 1))
                candidates = start + np.flatnonzero(free[start:stop])
                order = np.argsort(bits[self.sequences + candidates - first], kind="stable")
                times[candidates[order[:count]]] = 2
        return times
