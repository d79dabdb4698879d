"""Few padded lengths and the batches that use them: little padding, few compiled graphs, every row exactly once.

Rows run along one axis or several (see `protocol.Rows`); every axis has planned lengths of its own.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Row numbers [n], n <= batch size, and axis -> the length they are padded to."""

    rows: np.ndarray
    lengths: dict[str, int]


Planned = Mapping[str, tuple[int, ...]]
"""Axis -> padded lengths, ascending."""


def plan_axes(lengths: Mapping[str, np.ndarray], num_buckets: int, max_length: Callable[[str], int]) -> Planned:
    """`plan_lengths` for every axis: axis -> padded lengths; max_length: of an axis."""
    return {axis: plan_lengths(own, num_buckets, max_length(axis)) for axis, own in lengths.items()}


def plan_lengths(lengths, num_buckets: int, max_length: int, multiple: int = 16) -> tuple[int, ...]:
    """At most `num_buckets` padded lengths, ascending, with the fewest padded tokens over all rows.

    Each is a multiple of `multiple`, except that none exceeds max_length. The last one holds the longest row.
    Raises: ValueError when there are no rows, or one is longer than max_length.
    """
    lengths = np.asarray(lengths, np.int64)
    if not len(lengths) or num_buckets < 1 or multiple < 1:
        raise ValueError(f"nothing to plan: {len(lengths)} rows, {num_buckets} buckets, multiples of {multiple}")
    if lengths.max() > max_length:
        raise ValueError(f"row {int(lengths.argmax())} has {lengths.max()} tokens, more than max_length {max_length}")
    steps, counts = np.unique(np.maximum(1, -(-lengths // multiple)), return_counts=True)
    sizes = np.minimum(steps * multiple, max_length)
    rows_up_to = np.concatenate([[0], np.cumsum(counts)])  # rows in the first i sizes
    # fewest padded tokens for the first i sizes, the last of them being a bucket
    cost = np.full(len(sizes) + 1, np.inf)  # [sizes + 1]
    cost[0] = 0
    origins = []
    best = (np.inf, 0)
    for used in range(1, min(num_buckets, len(sizes)) + 1):
        total = cost[:, None] + (rows_up_to[None, 1:] - rows_up_to[:, None]) * sizes  # [from i, to j + 1]
        total[np.arange(len(sizes) + 1)[:, None] > np.arange(len(sizes))] = np.inf
        origins.append(total.argmin(axis=0))
        cost = np.concatenate([[np.inf], total.min(axis=0)])
        if cost[-1] < best[0]:
            best = (cost[-1], used)
    planned, end = [], len(sizes)
    for origin in reversed(origins[: best[1]]):
        planned.append(int(sizes[end - 1]))
        end = int(origin[end - 1])
    return tuple(reversed(planned))


def train_batches(
    lengths: Mapping[str, np.ndarray], planned: Planned, batch_size: int, seed: int, epoch: int,
    group_by_length: bool = False,
) -> list[Batch]:  # fmt: skip
    """Shuffled batches, each padded to the planned lengths that hold its longest row; at most one is not full.

    The same arguments give the same batches on any machine and numpy version.

    Args:
        lengths: axis -> tokens of each row [R].
        group_by_length: batches of rows of similar length: less padding, but the rows of a batch are no longer a
            random draw. What does not fill a batch of one length moves up to the next longer one; of several axes the
            last one grows first.
    Raises: ValueError when a row is longer than the last planned length.
    """
    buckets = Buckets(lengths, planned)
    # raw bits of a bit generator never change between numpy versions, the methods of Generator may
    bits = np.random.PCG64(np.random.SeedSequence([seed, epoch]))
    shuffled = np.argsort(bits.random_raw(len(buckets.cell)), kind="stable")  # [R]
    if not group_by_length:
        return [buckets.batch(shuffled[k : k + batch_size]) for k in range(0, len(shuffled), batch_size)]
    batches, left = [], shuffled[:0]
    for cell in range(buckets.cells):
        rows = np.concatenate([left, shuffled[buckets.cell[shuffled] == cell]])
        rows = rows[np.argsort(bits.random_raw(len(rows)), kind="stable")] if len(left) else rows
        full = len(rows) - len(rows) % batch_size
        batches += [rows[k : k + batch_size] for k in range(0, full, batch_size)]
        left = rows[full:]
    if len(left):
        batches.append(left)
    order = np.argsort(bits.random_raw(len(batches)), kind="stable")
    return [buckets.batch(batches[i]) for i in order]


def eval_batches(lengths: Mapping[str, np.ndarray], planned: Planned, batch_size: int) -> list[Batch]:
    """Batches from the longest row to the shortest (memory runs out at once or never); every row exactly once.

    lengths: axis -> tokens of each row [R]; of several axes the sum of a row counts.
    """
    buckets = Buckets(lengths, planned)
    order = np.argsort(-sum(np.asarray(own, np.int64) for own in lengths.values()), kind="stable")  # [R]
    return [buckets.batch(order[k : k + batch_size]) for k in range(0, len(order), batch_size)]


def padding_share(lengths, planned) -> float:
    """Padded positions over all positions when each row is padded to its planned length, 0..1."""
    lengths = np.asarray(lengths, np.int64)
    positions = np.asarray(planned, np.int64)[_bucket_of(lengths, planned)].sum()  # of all rows
    return float(1 - lengths.sum() / positions) if positions else 0.0


class Buckets:
    """Which planned length holds each row along each axis; `cell` [R] numbers the combinations, 0 .. cells - 1."""

    def __init__(self, lengths: Mapping[str, np.ndarray], planned: Planned):
        self.planned = planned
        self.of = {axis: _bucket_of(np.asarray(own, np.int64), planned[axis]) for axis, own in lengths.items()}
        shape = [len(planned[axis]) for axis in self.of]
        self.cell, self.cells = np.ravel_multi_index(tuple(self.of.values()), shape), math.prod(shape)

    def batch(self, rows: np.ndarray) -> Batch:
        return Batch(rows, {axis: int(self.planned[axis][bucket[rows].max()]) for axis, bucket in self.of.items()})


def _bucket_of(lengths: np.ndarray, planned) -> np.ndarray:
    bucket = np.searchsorted(np.asarray(planned, np.int64), lengths)
    if len(bucket) and bucket.max() == len(planned):
        row = int(lengths.argmax())
        raise ValueError(f"row {row} has {lengths[row]} tokens, more than the longest planned length {planned[-1]}")
    return bucket
