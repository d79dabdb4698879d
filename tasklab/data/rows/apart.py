"""Rows with a text in common in different optimizer steps, where each would be a wrong negative of the other.

A text that a row elsewhere in the file calls a match may still stand in the same step.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.buckets import Batch, Buckets
from tasklab.data.rows.findings import plain
from tasklab.data.rows.ragged import Ragged, row_offsets


def apart_column(rows: Iterable[Sequence[str]], sequences: int) -> Ragged:
    """The column `protocol.APART` of a table: a hash of each text of a row, whatever its case and blanks.

    rows: the texts of each, at most `sequences`; it lacks what it has fewer.
    """
    rows = list(rows)
    lengths = np.zeros((len(rows), sequences), np.int64)
    for number, texts in enumerate(rows):
        lengths[number, : len(texts)] = 1
    values = np.fromiter(map(text_hash, chain.from_iterable(rows)), np.uint64, int(lengths.sum()))
    return Ragged(values, row_offsets(lengths.reshape(-1)), axis=None)


def text_hash(text: str) -> int:
    """1 .. 2**64 - 1, the same on every machine."""
    digest = hashlib.blake2b(plain(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


class Parted(NamedTuple):
    """The micro-batches of each optimizer step, and how many rows stand in another step than the one drawn for them."""

    steps: list[list[Batch]]
    waited: int


def parted(
    steps: Sequence[Sequence[Batch]], texts: np.ndarray, buckets: Buckets, batch_size: int, micro_batches: int
) -> Parted:
    """Steps in which no two rows share a text; the very same ones where none did.

    A row that meets one of its texts in its step waits, and takes the first free place of any other step that lacks
    its texts, in a batch that need not grow longer for it. Those without such a place make up steps of their own at
    the end. Every row stands in exactly one step, as before.

    Args:
        texts: [R, T] uint64, a hash of each text of a row; 0 for none.
        micro_batches: most of them in a step.
    """
    own = _Texts(texts)
    drawn = [_Step([batch.rows.tolist() for batch in step], [batch.lengths for batch in step]) for step in steps]
    waiting = [row for step in drawn for row in step.part(own)]
    if not waiting:
        return Parted([list(step) for step in steps], 0)
    by_lengths: dict[tuple, list[int]] = {}
    for row in waiting:
        by_lengths.setdefault(tuple(buckets.batch(np.array([row])).lengths.items()), []).append(row)
    for lengths, rows in sorted(by_lengths.items(), reverse=True):  # the longest first: they fit in fewest batches
        _place(rows, dict(lengths), drawn, own, batch_size, micro_batches)
    kept = [[buckets.batch(np.array(rows, np.int64)) for rows in step.rows if rows] for step in drawn]
    return Parted([step for step in kept if step], len(waiting))


def _place(rows: list[int], lengths: dict[str, int], drawn: list, own, batch_size: int, micro_batches: int):
    """Puts waiting rows of these padded lengths into steps; new ones are added to `drawn`."""
    places = [step for step in drawn if step.room(lengths, batch_size) is not None]
    first = 0  # all places before it are full
    since: dict[int, int] = {}  # text -> the first place that was not refused to it yet
    for row in rows:
        texts = own.of(row)
        while first < len(places) and places[first].room(lengths, batch_size) is None:
            first += 1
        at = max([first, *(since.get(text, 0) for text in texts)])
        while at < len(places) and (texts & places[at].texts or places[at].room(lengths, batch_size) is None):
            at += 1
        if at == len(places):
            places.append(_Step([[] for _ in range(micro_batches)], [None] * micro_batches))
            drawn.append(places[at])
        places[at].rows[places[at].room(lengths, batch_size)].append(row)
        places[at].texts |= texts
        since |= dict.fromkeys(texts, at + 1)


class _Texts:
    """The hashes of rows."""

    def __init__(self, texts: np.ndarray):
        self.texts = np.sort(texts, axis=1)  # [R, T]
        # a text that a row says twice meets no other row by it
        self.texts[:, 1:][self.texts[:, 1:] == self.texts[:, :-1]] = 0

    def of(self, row: int) -> set[int]:
        return set(self.texts[row].tolist()) - {0}

    def flat(self, rows: list[int]) -> list[int]:
        """Those of several rows, a text as often as rows say it."""
        flat = self.texts[rows].reshape(-1)
        return flat[flat > 0].tolist()


class _Step:
    """The rows of each micro-batch while they are being placed, and the length that each is padded to; None: any."""

    def __init__(self, rows: list[list[int]], lengths: list[Mapping[str, int] | None]):
        self.rows, self.lengths, self.texts = rows, lengths, set()

    def part(self, own: _Texts) -> list[int]:
        """Takes out, and returns, the rows that meet a text of an earlier one."""
        flat = own.flat([row for rows in self.rows for row in rows])
        self.texts = set(flat)
        if len(flat) == len(self.texts):
            return []
        self.texts, late = set(), []
        for number, rows in enumerate(self.rows):
            self.rows[number] = []
            for row in rows:
                texts = own.of(row)
                (late if texts & self.texts else self.rows[number]).append(row)
                if late[-1:] != [row]:
                    self.texts |= texts
        return late

    def room(self, lengths: Mapping[str, int], batch_size: int) -> int | None:
        """The first micro-batch with a free place that is padded to these lengths or longer ones."""
        for number, (rows, padded) in enumerate(zip(self.rows, self.lengths, strict=True)):
            if len(rows) < batch_size and (padded is None or all(padded[a] >= n for a, n in lengths.items())):
                return number
        return None
