"""Few padded lengths and the batches that use them: little padding, few compiled graphs, every row exactly once."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Row numbers [n], n <= batch size, and the length they are padded to."""

    rows: np.ndarray
    length: int


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
    # cost[i]: fewest padded tokens for the first i sizes, the last of them being a bucket
    cost = np.full(len(sizes) + 1, np.inf)
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
    lengths, planned, batch_size: int, seed: int, epoch: int, group_by_length: bool = False
) -> list[Batch]:
    """Shuffled batches, each padded to the planned length that holds its longest row; at most one is not full.

    The same arguments give the same batches on any machine and numpy version.

    Args:
        group_by_length: batches of rows of similar length: less padding, but the rows of a batch are no longer a
            random draw. What does not fill a batch of one length moves up to the next longer one.
    Raises: ValueError when a row is longer than the last planned length.
    """
    lengths = np.asarray(lengths, np.int64)
    bucket = _bucket_of(lengths, planned)
    # raw bits of a bit generator never change between numpy versions, the methods of Generator may
    bits = np.random.PCG64(np.random.SeedSequence([seed, epoch]))
    shuffled = np.argsort(bits.random_raw(len(lengths)), kind="stable")
    if not group_by_length:
        groups = [shuffled[k : k + batch_size] for k in range(0, len(shuffled), batch_size)]
        return [Batch(rows, int(planned[bucket[rows].max()])) for rows in groups]
    batches, left = [], shuffled[:0]
    for i in range(len(planned)):
        rows = np.concatenate([left, shuffled[bucket[shuffled] == i]])
        rows = rows[np.argsort(bits.random_raw(len(rows)), kind="stable")] if len(left) else rows
        full = len(rows) - len(rows) % batch_size
        batches += [rows[k : k + batch_size] for k in range(0, full, batch_size)]
        left = rows[full:]
    if len(left):
        batches.append(left)
    order = np.argsort(bits.random_raw(len(batches)), kind="stable")
    return [Batch(batches[i], int(planned[bucket[batches[i]].max()])) for i in order]


def eval_batches(lengths, planned, batch_size: int) -> list[Batch]:
    """Batches from the longest row to the shortest (memory runs out at once or never); every row exactly once."""
    lengths = np.asarray(lengths, np.int64)
    bucket = _bucket_of(lengths, planned)
    order = np.argsort(-lengths, kind="stable")
    groups = [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
    return [Batch(rows, int(planned[bucket[rows[0]]])) for rows in groups]


def padding_share(lengths, planned) -> float:
    """Padded positions over all positions when each row is padded to its planned length, 0..1."""
    lengths = np.asarray(lengths, np.int64)
    positions = np.asarray(planned, np.int64)[_bucket_of(lengths, planned)].sum()
    return float(1 - lengths.sum() / positions) if positions else 0.0


def _bucket_of(lengths: np.ndarray, planned) -> np.ndarray:
    bucket = np.searchsorted(np.asarray(planned, np.int64), lengths)
    if len(bucket) and bucket.max() == len(planned):
        row = int(lengths.argmax())
        raise ValueError(f"row {row} has {lengths[row]} tokens, more than the longest planned length {planned[-1]}")
    return bucket
