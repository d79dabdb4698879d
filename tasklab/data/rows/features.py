"""Encoded rows in columns: one flat array per column instead of one object per row, so that all work is vectorised."""

from collections.abc import Iterable, Mapping

import numpy as np

from tasklab.data.rows.protocol import APART, INPUT, mask_name
from tasklab.data.rows.ragged import Ragged, row_offsets, spans
from tasklab.data.rows.table_file import read_columns, write_columns
from tasklab.digest import content_sha256


class FeatureTable:
    """Rows for the network and for `decode` (see `protocol.Rows`).

    Args:
        ragged: name -> Ragged of integers, all with the same number of rows, those of one axis of the same lengths.
        dense: name -> [rows] or [rows, ...] integers or floats.
        info: counts about how the rows were made, name -> int; kept by save and load.
        sequences: how many make one row, such as the choices of a question; they follow one another in every ragged
            column, and a row with fewer has empty ones. A batch then has [batch_size, sequences, length].
    """

    def __init__(
        self, ragged: Mapping[str, Ragged], dense: Mapping[str, np.ndarray], info: Mapping[str, int] = (),
        sequences: int = 1,
    ):  # fmt: skip
        self.ragged = {
            name: column._replace(values=np.asarray(column.values), offsets=np.asarray(column.offsets, np.int64))
            for name, column in ragged.items()
        }
        self.dense = {name: np.asarray(column) for name, column in dense.items()}
        self.info, self.sequences = dict(info), sequences
        sizes = {name: (len(c.offsets) - 1) / sequences for name, c in self.ragged.items()}
        sizes |= {name: len(c) for name, c in self.dense.items()}
        self._offsets = self._axes()
        if not self._offsets or len(set(sizes.values())) != 1:
            raise ValueError(f"columns must have equally many rows and one must run along an axis, got {sizes}")

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping], axes: Mapping[str, str | None] = ()) -> "FeatureTable":
        """From one dict per row: sequences become ragged columns, numbers dense ones. For small data.

        axes: what sequences run along, of those that do not along `input`.
        """
        rows, axes = list(rows), dict(axes)
        if not rows:
            raise ValueError("from_rows needs at least one row to know the columns")
        ragged, dense = {}, {}
        for name, sample in rows[0].items():
            column = [row[name] for row in rows]
            if np.ndim(sample):
                values = np.concatenate([np.asarray(cells, np.int32) for cells in column])
                ragged[name] = Ragged(values, row_offsets([len(cells) for cells in column]), axes.get(name, INPUT))
            else:
                dense[name] = np.asarray(column)
        return cls(ragged, dense)

    def _axes(self) -> dict[str, np.ndarray]:
        """Axis -> offsets that its columns share. Raises ValueError where they do not."""
        axes: dict[str, tuple[str, np.ndarray]] = {}
        for name, (_, offsets, axis, _) in self.ragged.items():
            first, shared = axes.setdefault(axis, (name, offsets))
            if axis is not None and shared is not offsets and not np.array_equal(shared, offsets):
                raise ValueError(f"{name!r} and {first!r} run along {axis!r}, but their rows are not equally long")
        return {axis: offsets for axis, (_, offsets) in axes.items() if axis is not None}

    def __len__(self) -> int:
        return (len(next(iter(self._offsets.values()))) - 1) // self.sequences

    def __getitem__(self, name: str):
        """The column: Ragged, or an array [rows]."""
        return self.ragged[name] if name in self.ragged else self.dense[name]

    def along(self, axis: str) -> Ragged:
        """The first column that runs along an axis. Raises KeyError where none does."""
        if axis not in self._offsets:
            raise KeyError(axis)
        return next(column for column in self.ragged.values() if column.axis == axis)

    @property
    def columns(self) -> frozenset[str]:
        """Names that a batch can have: what runs along an axis, the masks of the axes, and all dense columns."""
        return frozenset((*self._for_networks(), *map(mask_name, self._offsets)))

    def _for_networks(self) -> list[str]:
        return [*(name for name, column in self.ragged.items() if column.axis is not None), *self.dense]

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """Axis -> tokens of each row, special ones included, of its longest part where it has several: [rows] int64."""
        # by axis [rows, sequences]
        by_part = {axis: np.diff(offsets).reshape(-1, self.sequences) for axis, offsets in self._offsets.items()}
        return {axis: lengths.max(axis=1) for axis, lengths in by_part.items()}

    @property
    def apart(self) -> np.ndarray | None:
        """As the column `apart` has it, which `apart.apart_column` makes."""
        if APART not in self.ragged:
            return None
        values, offsets = self.ragged[APART][:2]
        texts = np.zeros((len(self), self.sequences), np.uint64)
        texts.reshape(-1)[np.diff(offsets) == 1] = values
        return texts

    def row(self, i: int) -> dict:
        """Column name -> array (ragged; of several sequences a list of them) or scalar (dense) of one row."""
        places = self._sequences([i]).tolist()
        ragged = {name: [c.row(k) for k in places] for name, c in self.ragged.items()}
        if self.sequences == 1:
            ragged = {name: sequences[0] for name, sequences in ragged.items()}
        return ragged | {name: c[i] for name, c in self.dense.items()}

    def _sequences(self, rows) -> np.ndarray:
        """Where the sequences of rows stand in the ragged columns."""
        first = np.asarray(rows, np.int64)[:, None] * self.sequences  # [n, 1]
        return (first + np.arange(self.sequences)).reshape(-1)  # [n * sequences]

    def select(self, rows) -> "FeatureTable":
        """A table of the given rows, in the given order."""
        rows = np.arange(len(self))[rows]
        ragged = {name: column.select(self._sequences(rows)) for name, column in self.ragged.items()}
        dense = {name: column[rows] for name, column in self.dense.items()}
        return FeatureTable(ragged, dense, self.info, self.sequences)

    def of_epoch(self, epoch: int) -> "FeatureTable":
        """The rows as this epoch of a training sees them: all epochs the same, unless a table draws anew."""
        return self

    def batch(
        self, rows, lengths: Mapping[str, int], batch_size: int, columns: Iterable[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Pads `rows` to [batch_size, length] with each column's fill, or where they have several sequences to
        [batch_size, sequences, length].

        Args:
            rows: at most batch_size row numbers; the missing ones are fillers.
            lengths: axis -> length.
            columns: names wanted, of those in `columns`; None for all.
        Returns: ragged columns [batch_size, length] int32; dense ones [batch_size, ...] int32 or float32, 0 for
            fillers; the mask of every axis in `lengths`, int32; sample_weight [batch_size] float32, 1 for a row and 0
            for a filler. A filler attends to its first position, so that no softmax runs over nothing; a part that a
            row does not have attends to none.
        Raises: ValueError when a row is longer than its axis or there are more rows than batch_size.
        """
        rows = np.asarray(rows, np.int64)
        if len(rows) > batch_size:
            raise ValueError(f"{len(rows)} rows do not fit a batch of {batch_size}")
        masks = {mask_name(axis): self._mask(axis, rows, length, batch_size) for axis, length in lengths.items()}
        names = self._for_networks() if columns is None else columns
        batch = {name: self._filled(name, rows, lengths, batch_size) for name in names if name not in masks}
        return {**batch, **masks, "sample_weight": (np.arange(batch_size) < len(rows)).astype(np.float32)}

    def _mask(self, axis: str, rows: np.ndarray, length: int, batch_size: int) -> np.ndarray:
        offsets, at = self._offsets[axis], self._sequences(rows)
        lengths = np.ones(batch_size * self.sequences, np.int64)  # [batch_size * sequences], 1 for fillers
        lengths[: len(at)] = offsets[at + 1] - offsets[at]
        return self._by_row((np.arange(length) < lengths[:, None]).astype(np.int32))

    def _filled(self, name: str, rows: np.ndarray, lengths: Mapping[str, int], batch_size: int) -> np.ndarray:
        if name in self.dense:
            column = self.dense[name]
            kind = np.float32 if column.dtype.kind == "f" else np.int32
            filled = np.zeros((batch_size, *column.shape[1:]), kind)  # [batch_size, ...]
            filled[: len(rows)] = column[rows]
            return filled
        values, offsets, axis, fill = self.ragged[name]
        if axis not in lengths:
            raise ValueError(f"{name!r} runs along {axis!r}, for which the batch has no length, only {dict(lengths)}")
        at, length = self._sequences(rows), lengths[axis]
        own = offsets[at + 1] - offsets[at]  # [n * sequences]
        if len(at) and own.max() > length:
            longest = int(at[own.argmax()]) // self.sequences
            raise ValueError(f"row {longest} has {own.max()} values in {name!r}, the batch only {length}")
        filled = np.full((batch_size * self.sequences, length), fill, np.int32)  # [batch_size * sequences, length]
        filled[: len(at)][np.arange(length) < own[:, None]] = values[spans(offsets[at], own)]
        return self._by_row(filled)

    def _by_row(self, padded: np.ndarray) -> np.ndarray:
        """[batch_size * sequences, length] -> [batch_size, length], or [batch_size, sequences, length]."""
        return padded if self.sequences == 1 else padded.reshape(-1, self.sequences, padded.shape[-1])

    def digest(self) -> str:
        """Of every column's name, type, shape, values, axis and fill, and of `sequences`; `info` aside, which no batch
        follows from."""
        content = {f"dense/{name}": column for name, column in self.dense.items()}
        for name, (values, offsets, axis, fill) in self.ragged.items():
            content |= {f"ragged/{name}": values, f"offsets/{name}": offsets, f"axis/{name}": [axis, int(fill)]}
        return content_sha256({**content, "parts": self.sequences})

    def save(self, path):
        """Writes one file that `load` reads."""
        write_columns(path, self.ragged, self.dense, self.info, self.sequences)

    @classmethod
    def load(cls, path) -> "FeatureTable":
        """Reads a saved table. Raises OSError, ValueError, KeyError or zipfile.BadZipFile when it is damaged."""
        return cls(*read_columns(path))
