"""How `doctor data` puts numbers, places and lengths into words."""

from collections.abc import Iterator, Mapping

from tasklab.data.rows.findings import Finding
from tasklab.data.rows.sizes import RowSizes

SHOWN = 3  # places per line
NAMES = 30  # classes, or kinds of anything, that are listed


def shares(counts: Mapping[str, int], of: int, what: str) -> Iterator[str]:
    """A line for each name: how many, and their share of all; what: the plural noun for the names."""
    for name, count in list(counts.items())[:NAMES]:
        yield f"       {count:8,} {count / max(1, of):6.1%}  {name}"
    if len(counts) > NAMES:
        yield f"       ... and {len(counts) - NAMES} {what} more"


def lengths(quantiles: Mapping[str, tuple[int, ...]], sizes: RowSizes) -> Iterator[str]:
    """Tokens of each part of a row, and of the row, at findings.QUANTILES."""
    yield f"       {'tokens':10}{'least':>8}{'half':>8}{'90 %':>8}{'99 %':>8}{'most':>8}"
    for what, numbers in {**quantiles, "row": sizes.lengths}.items():
        if numbers:
            yield f"       {what:10}" + "".join(f"{n:8,}" for n in numbers)


def padded(sizes: RowSizes) -> str:
    planned = ", ".join(map(str, sizes.planned_lengths))
    return f"       padded to {planned} tokens; {sizes.padding:.0%} of that is padding"


def counted(number: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"


def places(finding: Finding, file: str) -> tuple[str, ...]:
    return tuple(place.removeprefix(f"{file}: ") for place in finding.first[:SHOWN])
