"""Starts and ends of spans into pairs, as UIE pairs them (Lu et al. 2022; PaddleNLP's get_span)."""

from collections.abc import Iterable


def paired(starts: Iterable[int], ends: Iterable[int]) -> list[tuple[int, int]]:
    """For each end the nearest start at or before it that no earlier end lies behind: (start, end), in order.

    starts, ends: positions of the first and the last tokens of spans, rising; an end is part of its span.
    """
    pairs, starts = [], list(starts)
    at, latest = 0, None
    for end in ends:
        while at < len(starts) and starts[at] <= end:
            latest, at = starts[at], at + 1
        if latest is not None:
            pairs.append((latest, end))
            latest = None
    return pairs
