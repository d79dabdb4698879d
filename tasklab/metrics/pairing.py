"""Starts and ends of spans into pairs, as UIE pairs them (Lu et al. 2022; PaddleNLP's get_span)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable


def paired(starts: Iterable[int], ends: Iterable[int], nested: bool = False) -> list[tuple[int, int]]:
    """For each end the nearest start at or before it that no earlier end lies behind: (start, end), in order.

    starts, ends: positions of the first and the last tokens of spans, rising; an end is part of its span.
    nested: an end that is left over goes with the nearest start before it, and a start with the nearest end behind it,
        so that spans share one: a city and the team named after it.
    """
    pairs, starts, ends = [], list(starts), list(ends)
    at, latest = 0, None
    for end in ends:
        while at < len(starts) and starts[at] <= end:
            latest, at = starts[at], at + 1
        if latest is not None:
            pairs.append((latest, end))
            latest = None
    return _with_left_over(pairs, starts, ends) if nested else pairs


def _with_left_over(pairs: list[tuple[int, int]], starts: list[int], ends: list[int]) -> list[tuple[int, int]]:
    opened, closed = ({pair[side] for pair in pairs} for side in (0, 1))
    more = []
    for end in (end for end in ends if end not in closed):
        if before := bisect_right(starts, end):
            more.append((starts[before - 1], end))
    for start in (start for start in starts if start not in opened):
        if (behind := bisect_left(ends, start)) < len(ends):
            more.append((start, ends[behind]))
    return sorted(pairs + more)
