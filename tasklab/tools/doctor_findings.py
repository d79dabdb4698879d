"""How `doctor data` words what every kind of data can have: bad and repeated rows, leaks, unknown tokens, lengths."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tasklab.config import Config
from tasklab.data.files.problems import BadRows
from tasklab.data.rows.findings import Finding
from tasklab.data.rows.sizes import RowSizes

FIX, LOOK = "FIX", "look"
"""Before training; worth a look."""
SHOWN = 3  # places per line
NAMES = 30  # classes, or kinds of anything, that are listed
UNKNOWN = 0.03
"""Share of unknown tokens from which a line is worth reading."""
CLASH = 0.01
"""Share of rows that contradict others, or leak, that is more than the noise of published data (SQuAD 1.1: 0.2 %)."""
SKIP = "correct them, or add data.on_bad_row=skip"


@dataclass(frozen=True)
class Line:
    level: str
    text: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examined:
    """What is printed about both files, what stands out in them, what must be fixed first, and how much work they are.

    sizes: of the training and the evaluation file, None where there is no row, or no vocabulary to count tokens with.
    """

    shown: list[str]
    lines: list[Line]
    sizes: tuple[RowSizes | None, RowSizes | None]


def examined(config: Config, train, dev, show, judge, together: Iterable[Line] = ()) -> Examined:
    """The reports on both files in words; a report has `sizes`, and dev is None without an evaluation file.

    show(name, report, config): what is printed about one.   judge(name, report, config): the Lines about one.
    together: those about both.
    """
    reports = [("train", train)] if dev is None else [("train", train), ("eval", dev)]
    shown = [text for name, report in reports for text in show(name, report, config)]
    lines = [line for name, report in reports for line in judge(name, report, config)]
    lines += together
    foreign = [(name, report.sizes) for name, report in reports if report.sizes and report.sizes.unknown > UNKNOWN]
    for name, sizes in foreign[:1]:  # one remedy for both files
        text = f"{name}: {sizes.unknown:.0%} of the tokens are unknown to this vocabulary"
        lines.append(Line(LOOK, f"{text}; take a model of the text's language (tasklab list)"))
    if dev is None:
        lines.append(Line(LOOK, "no evaluation file: scores and the best checkpoint need one; add --eval FILE"))
    return Examined(shown, sorted(lines, key=lambda line: line.level != FIX), (train.sizes, dev and dev.sizes))


def bad_rows(
    name: str, bad: BadRows, skip: bool, why_usable: str = "", remedy: str = SKIP, words=("", "unusable", "left out")
) -> Iterator[Line]:
    """The line about rows that cannot be used.

    why_usable: why they stop no run where none of them is fatal.
    words: what is counted; what it is when it has to be dealt with, and when it need not.
    """
    if not bad:
        return
    what, unusable, left_out = words
    number = counted(len(bad), what) if what else f"{len(bad):,}"
    kinds = ", ".join(f"{kind} ({count:,})" for kind, count in bad.counts.items())
    first = tuple(_without_remedy(message, bad.file) for message in bad.first[:SHOWN])
    if not bad.fatal:
        yield Line(LOOK, f"{name}: {len(bad):,} left out, {why_usable}: {kinds}", first)
    elif skip:
        yield Line(LOOK, f"{name}: {number} {left_out}, as data.on_bad_row=skip says: {kinds}", first)
    else:
        yield Line(FIX, f"{name}: {number} {unusable}: {kinds}; {remedy}", first)


def clashing(found: Finding, rows: int, text: str, file: str) -> Iterator[Line]:
    """A line on rows that contradict others or are met twice, to be fixed when they are many among `rows`."""
    if found.count:
        yield Line(FIX if found.count > CLASH * rows else LOOK, text, places(found, file))


def leaking(leak: Finding, rows: int, what: str, file: str) -> Iterator[Line]:
    """what: the noun for one of the `rows` of the evaluation file; rows: 0 where a single one is too many."""
    text = f"{counted(leak.count, what)} of eval also in train, which makes the score look better than it is"
    yield from clashing(leak, rows, f"{text}; remove them from one file", file)


def shares(counts: Mapping[str, int], of: int, what: str) -> Iterator[str]:
    """A line for each name: how many, and their share of all; what: the plural noun for the names."""
    for name, count in list(counts.items())[:NAMES]:
        yield f"       {count:8,} {count / max(1, of):6.1%}  {name}"
    if len(counts) > NAMES:
        yield f"       ... and {len(counts) - NAMES} {what} more"


def lengths(parts: Mapping[str, tuple[int, ...]], sizes: RowSizes) -> Iterator[str]:
    """Tokens of each part of a row, and of the row, at findings.QUANTILES."""
    yield f"       {'tokens':10}{'least':>8}{'half':>8}{'90 %':>8}{'99 %':>8}{'most':>8}"
    for what, numbers in {**parts, "row": sizes.lengths}.items():
        if numbers:
            yield f"       {what:10}" + "".join(f"{n:8,}" for n in numbers)


def padded(sizes: RowSizes) -> str:
    planned = ", ".join(map(str, sizes.planned_lengths))
    return f"       padded to {planned} tokens; {sizes.padding:.0%} of that is padding"


def skips(config: Config) -> bool:
    return config.data.on_bad_row == "skip"


def counted(number: int, what: str) -> str:
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"


def places(finding: Finding, file: str) -> tuple[str, ...]:
    return tuple(place.removeprefix(f"{file}: ") for place in finding.first[:SHOWN])


def _without_remedy(message: str, file: str) -> str:
    """The place inside the file and what is wrong there: file and remedy are told once for all."""
    return message.removeprefix(f"{file}: ").rpartition("; ")[0] or message
