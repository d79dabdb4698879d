"""What every kind of data can have: bad and repeated rows, leaks, unknown tokens; and how bad each is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasklab.config import Config
from tasklab.data.files.problems import SKIP, BadRows, listed
from tasklab.data.rows.findings import Finding
from tasklab.data.rows.sizes import RowSizes
from tasklab.tools.doctor.wording import SHOWN, counted, places

FIX, LOOK = "FIX", "look"
"""Before training; worth a look."""
UNKNOWN = 0.03
"""Share of unknown tokens from which a line is worth reading."""
CLASH = 0.01
"""Share of rows that contradict others, or leak, that is more than the noise of published data (SQuAD 1.1: 0.2 %)."""
REMEDY = f"correct them or {SKIP}"


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
    """The reports on both files in words; dev is None without an evaluation file.

    A report has `sizes`, and `rows`: how many can be used.

    show(name, report, config): what is printed about one.   judge(name, report, config): the Lines about one.
    together: those about both.
    """
    reports = [("train", train)] if dev is None else [("train", train), ("eval", dev)]
    shown = [text for name, report in reports for text in show(name, report, config)]
    lines = [line for name, report in reports for line in judge(name, report, config)]
    lines += together
    fixed = {line.text.partition(":")[0] for line in lines if line.level == FIX}
    empty = [name for name, report in reports if not report.rows and name not in fixed]
    lines += [Line(FIX, f"{name}: no rows that can be used, so there is nothing to work with") for name in empty]
    foreign = [(name, report.sizes) for name, report in reports if report.sizes and report.sizes.unknown > UNKNOWN]
    for name, sizes in foreign[:1]:  # one remedy for both files
        text = f"{name}: {sizes.unknown:.0%} of the tokens are unknown to this vocabulary"
        lines.append(Line(LOOK, f"{text}; take a model of the text's language (tasklab list)"))
    if dev is None and config.data.eval is None:
        text = "no evaluation file: scores and the best checkpoint need rows that are held out"
        lines.append(Line(LOOK, f"{text}; data.eval=0.2 takes a fifth of these, --eval FILE names others"))
    return Examined(shown, sorted(lines, key=lambda line: line.level != FIX), (train.sizes, dev and dev.sizes))


def bad_rows(
    name: str, bad: BadRows, config: Config, why_usable: str = "", remedy: str = REMEDY,
    words=("", "unusable", "left out"),
) -> Iterator[Line]:  # fmt: skip
    """The line about rows that cannot be used.

    why_usable: why they stop no run where none of them is fatal.
    words: what is counted; what it is when it has to be dealt with, and when it need not.
    """
    if not bad:
        return
    what, unusable, left_out = words
    number = counted(len(bad), what) if what else f"{len(bad):,}"
    kinds = listed([f"{kind} ({count:,})" for kind, count in bad.counts.items()])
    first = tuple(problem.message.removeprefix(f"{bad.file}: ") for problem in bad.first[:SHOWN])
    if not bad.fatal:
        yield Line(LOOK, f"{name}: {len(bad):,} left out, {why_usable}: {kinds}", first)
    elif config.data.on_bad_row == "skip":
        yield Line(LOOK, f"{name}: {number} {left_out}, as data.on_bad_row=skip says: {kinds}", first)
    else:
        yield Line(FIX, f"{name}: {number} {unusable}: {kinds}; {remedy}", first)


def clashing(finding: Finding, rows: int, text: str, file: str) -> Iterator[Line]:
    """A line on rows that contradict others or are met twice, to be fixed when they are many among `rows`."""
    if finding.count:
        yield Line(FIX if finding.count > CLASH * rows else LOOK, text, places(finding, file))


def repeating(again: Finding, name: str, what: str, how: str, file: str) -> Iterator[Line]:
    """A line on rows that repeat others in everything. what: the noun for one; how: in what it repeats another."""
    if again.count:
        text = f"{name}: {counted(again.count, what)} {how}; one of each is enough"
        yield Line(LOOK, text, places(again, file))


def leaking(leak: Finding, rows: int, what: str, file: str) -> Iterator[Line]:
    """what: the noun for one of the `rows` of the evaluation file; rows: 0 where a single one is too many."""
    text = f"{counted(leak.count, what)} of eval also in train, which makes the score look better than it is"
    yield from clashing(leak, rows, f"{text}; remove them from one file", file)
