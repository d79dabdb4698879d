"""Inputs that may be more than memory holds, some thousand at a time."""

from collections.abc import Iterable, Iterator


def in_portions(rows: Iterable, size: int) -> Iterator[list]:
    """Lists of `size` rows; the last holds up to twice as many, so that none is small unless all of it is."""
    rows = iter(rows)
    portion: list = []
    for row in rows:
        if len(portion) == 2 * size:
            yield portion[:size]
            portion = portion[size:]
        portion.append(row)
    if portion:
        yield portion
