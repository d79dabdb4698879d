"""Encoded rows in columns: one flat array per column instead of one object per row, so that all work is vectorised."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasklab.digest import content_sha256

META = "meta"


class Ragged(NamedTuple):
    """Rows of different length: row i is values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # [total] integers
    offsets: np.ndarray  # [rows + 1] int64, from 0, never falling

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    def row(self, i: int) -> np.ndarray:
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def select(self, rows: np.ndarray) -> "Ragged":
        lengths = self.lengths[rows]
        return Ragged(self.values[spans(self.offsets[:-1][rows], lengths)], row_offsets(lengths))


class FeatureTable:
    """Rows for the network and for `decode`; `input_ids` is always among the ragged columns.

    Args:
        ragged: name -> Ragged of integers, all with the same number of rows.
        dense: name -> [rows] or [rows, ...] integers or floats.
        info: counts about how the rows were made, name -> int; kept by save and load.
        parts: sequences that make one row, such as the choices of a question; they follow one another in every ragged
            column, and a row with fewer has empty ones. A batch then has [batch_size, parts, length].
    """

    def __init__(
        self, ragged: Mapping[str, Ragged], dense: Mapping[str, np.ndarray], info: Mapping[str, int] = (),
        parts: int = 1,
    ):  # fmt: skip
        self.ragged = {name: Ragged(np.asarray(c[0]), np.asarray(c[1], np.int64)) for name, c in ragged.items()}
        self.dense = {name: np.asarray(column) for name, column in dense.items()}
        self.info, self.parts = dict(info), parts
        sizes = {name: (len(c.offsets) - 1) / parts for name, c in self.ragged.items()}
        sizes |= {name: len(c) for name, c in self.dense.items()}
        if "input_ids" not in self.ragged or len(set(sizes.values())) != 1:
            raise ValueError(f"columns must have equally many rows and include input_ids, got {sizes}")

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping]) -> "FeatureTable":
        """From one dict per row: sequences become ragged columns, numbers dense ones. For small data."""
        rows = list(rows)
        if not rows:
            raise ValueError("from_rows needs at least one row to know the columns")
        ragged, dense = {}, {}
        for name, sample in rows[0].items():
            column = [row[name] for row in rows]
            if np.ndim(sample):
                lengths = [len(cells) for cells in column]
                ragged[name] = Ragged(np.concatenate([np.asarray(c, np.int32) for c in column]), row_offsets(lengths))
            else:
                dense[name] = np.asarray(column)
        return cls(ragged, dense)

    def __len__(self) -> int:
        return (len(self.ragged["input_ids"].offsets) - 1) // self.parts

    def __getitem__(self, name: str):
        """The column: Ragged, or an array [rows]."""
        return self.ragged[name] if name in self.ragged else self.dense[name]

    @property
    def columns(self) -> set[str]:
        """Names that a batch can have beside attention_mask and sample_weight."""
        return {*self.ragged, *self.dense}

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, special tokens included, of the longest where it has several parts: [rows] int64."""
        lengths = self.ragged["input_ids"].lengths
        return lengths if self.parts == 1 else lengths.reshape(-1, self.parts).max(axis=1)

    def row(self, i: int) -> dict:
        """Column name -> array (ragged; of several parts a list of them) or scalar (dense) of one row."""
        parts = self._sequences([i]).tolist()
        ragged = {name: [c.row(k) for k in parts] for name, c in self.ragged.items()}
        if self.parts == 1:
            ragged = {name: sequences[0] for name, sequences in ragged.items()}
        return ragged | {name: c[i] for name, c in self.dense.items()}

    def _sequences(self, rows) -> np.ndarray:
        """Where the parts of rows stand in the ragged columns."""
        return (np.asarray(rows, np.int64)[:, None] * self.parts + np.arange(self.parts)).reshape(-1)

    def select(self, rows) -> "FeatureTable":
        """A table of the given rows, in the given order."""
        rows = np.arange(len(self))[rows]
        ragged = {name: column.select(self._sequences(rows)) for name, column in self.ragged.items()}
        return FeatureTable(ragged, {name: column[rows] for name, column in self.dense.items()}, self.info, self.parts)

    @staticmethod
    def concat(tables: Sequence["FeatureTable"]) -> "FeatureTable":
        """All rows of the tables, of equally many parts, one after the other; counts of `info` are added up."""
        ragged = {}
        for name in tables[0].ragged:
            columns = [table.ragged[name] for table in tables]
            lengths = np.concatenate([column.lengths for column in columns])
            ragged[name] = Ragged(np.concatenate([column.values for column in columns]), row_offsets(lengths))
        dense = {name: np.concatenate([table.dense[name] for table in tables]) for name in tables[0].dense}
        keys = dict.fromkeys(key for table in tables for key in table.info)
        info = {key: sum(table.info.get(key, 0) for table in tables) for key in keys}
        return FeatureTable(ragged, dense, info, tables[0].parts)

    def of_epoch(self, epoch: int) -> "FeatureTable":
        """The rows as this epoch of a training sees them: all epochs the same, unless a table draws anew."""
        return self

    def batch(self, rows, length: int, batch_size: int, columns: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Pads `rows` to [batch_size, length] with 0, or where they have parts to [batch_size, parts, length].

        Args:
            rows: at most batch_size row numbers; the missing ones are fillers.
            columns: names wanted, `attention_mask` among them if need be; None for all that run along input_ids and
                all dense ones.
        Returns: ragged columns and attention_mask [batch_size, length] int32; dense ones [batch_size, ...] int32 or
            float32; sample_weight [batch_size] float32, 1 for a row and 0 for a filler. A filler attends to its first
            position, so that no softmax runs over nothing; a part that a row does not have attends to none.
        Raises: ValueError when a row is longer than `length` or there are more rows than batch_size.
        """
        rows = np.asarray(rows, np.int64)
        if len(rows) > batch_size:
            raise ValueError(f"{len(rows)} rows do not fit a batch of {batch_size}")
        if columns is None:
            columns = [name for name in self.ragged if self._runs_along_input_ids(name)] + list(self.dense)
        batch = {name: self._padded(name, rows, length, batch_size) for name in columns if name != "attention_mask"}
        lengths = np.ones(batch_size * self.parts, np.int64)
        lengths[: len(rows) * self.parts] = self.ragged["input_ids"].lengths[self._sequences(rows)]
        batch["attention_mask"] = self._by_row((np.arange(length) < lengths[:, None]).astype(np.int32))
        batch["sample_weight"] = (np.arange(batch_size) < len(rows)).astype(np.float32)
        return batch

    def _runs_along_input_ids(self, name: str) -> bool:
        mine, ids = self.ragged[name].offsets, self.ragged["input_ids"].offsets
        return mine is ids or np.array_equal(mine, ids)

    def _padded(self, name: str, rows: np.ndarray, length: int, batch_size: int) -> np.ndarray:
        if name in self.dense:
            column = self.dense[name]
            padded = np.zeros((batch_size, *column.shape[1:]), np.float32 if column.dtype.kind == "f" else np.int32)
            padded[: len(rows)] = column[rows]
            return padded
        values, offsets = self.ragged[name]
        at = self._sequences(rows)
        lengths = offsets[at + 1] - offsets[at]
        if len(at) and lengths.max() > length:
            longest = int(at[lengths.argmax()]) // self.parts
            raise ValueError(f"row {longest} has {lengths.max()} values in {name!r}, the batch only {length}")
        padded = np.zeros((batch_size * self.parts, length), np.int32)
        padded[: len(at)][np.arange(length) < lengths[:, None]] = values[spans(offsets[at], lengths)]
        return self._by_row(padded)

    def _by_row(self, padded: np.ndarray) -> np.ndarray:
        return padded if self.parts == 1 else padded.reshape(-1, self.parts, padded.shape[-1])

    def digest(self) -> str:
        """Of every column's name, type, shape and values, and of `parts`; `info` aside, which no batch follows from."""
        content = {f"dense/{name}": column for name, column in self.dense.items()}
        for name, column in self.ragged.items():
            content |= {f"ragged/{name}": column.values, f"offsets/{name}": column.offsets}
        return content_sha256({**content, "parts": self.parts})

    def save(self, path):
        """Writes one file that `load` reads; plain arrays with checksums, nothing executable."""
        arrays = {f"dense/{name}": column for name, column in self.dense.items()}
        shared: list[np.ndarray] = []  # columns of equal offsets store them once
        uses = {}
        for name, column in self.ragged.items():
            arrays[f"ragged/{name}"] = column.values
            known = next((i for i, offsets in enumerate(shared) if np.array_equal(offsets, column.offsets)), None)
            if known is None:
                known = len(shared)
                shared.append(column.offsets)
                arrays[f"offsets/{known}"] = column.offsets
            uses[name] = known
        info = {key: int(value) for key, value in self.info.items()}
        meta = json.dumps({"offsets": uses, "dense": list(self.dense), "info": info, "parts": self.parts})
        arrays[META] = np.frombuffer(meta.encode(), np.uint8)
        with open(path, "wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path) -> "FeatureTable":
        """Reads a saved table. Raises OSError, ValueError, KeyError or zipfile.BadZipFile when it is damaged."""
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(file[META].tobytes())
            offsets = {i: file[f"offsets/{i}"] for i in set(meta["offsets"].values())}
            ragged = {name: Ragged(file[f"ragged/{name}"], offsets[i]) for name, i in meta["offsets"].items()}
            dense = {name: file[f"dense/{name}"] for name in meta["dense"]}
        return cls(ragged, dense, meta["info"], meta["parts"])


def row_offsets(lengths) -> np.ndarray:
    """[n] lengths -> [n + 1] offsets from 0."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def spans(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """starts[0], starts[0] + 1, ... lengths[0] of them, then the same for starts[1], and so on."""
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(np.asarray(starts, np.int64) - ends + lengths, lengths)
