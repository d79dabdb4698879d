"""Bad rows of a data file: collected while reading, shown together, before any training."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tasklab.errors import DataError

SHOWN = 20
SKIP = "set data.on_bad_row: skip"
"""What may be done about a bad row beside correcting it, where there is a configuration."""
NAMED, LONGEST = 12, 60  # names in one message, and characters of one


class Problem(NamedTuple):
    """What is wrong at a place, and what to do about it, commas between several ways; "" where the message says it."""

    message: str
    remedy: str = ""

    def line(self, instead: str = "") -> str:
        """Both in a line. instead: another way, such as to leave the row out."""
        ways = ", or " if "," in self.remedy else " or "
        return "; ".join(filter(None, (self.message, ways.join(filter(None, (self.remedy, self.remedy and instead))))))


class BadRows:
    """What is wrong in one file, by kind, with the first places.

    A problem is either fatal unless rows may be skipped, or tolerable: something is left out but the row is usable.
    """

    def __init__(self, file: str):
        self.file = file
        self.counts: Counter[str] = Counter()
        self.first: list[Problem] = []
        """The first ones of all, each complete with its place."""
        self._fatal: Counter[str] = Counter()
        self._total = self._fatal_total = 0  # summing the kinds for each row would cost as much as there are kinds
        self._first_fatal: list[Problem] = []

    def add(self, kind: str, message: str, remedy: str = "", fatal: bool = True):
        """Notes a problem; `message` begins with the place, `remedy` is what may be done instead of leaving it out."""
        self._total += 1
        self._note(self.counts, self.first, kind, Problem(message, remedy))
        if fatal:
            self._fatal_total += 1
            self._note(self._fatal, self._first_fatal, kind, Problem(message, remedy))

    @staticmethod
    def _note(counts: Counter, first: list[Problem], kind: str, problem: Problem):
        counts[kind] += 1
        if len(first) < SHOWN:
            first.append(problem)

    def __len__(self) -> int:
        return self._total

    @property
    def fatal(self) -> int:
        """How many make `raise_if_fatal` raise."""
        return self._fatal_total

    def summary(self) -> str:
        """One line such as "left out 3: empty question (2), misaligned answer (1); first: ...", or ''."""
        if not self:
            return ""
        return f"left out {len(self)}: {kinds_listed(self.counts)}; first: {self.first[0].line()}"

    def raise_if_fatal(self, skip: str = SKIP):
        """Raises DataError with the first messages and the count of the rest.

        skip: what stands beside remedies in place of SKIP, where there is no configuration.
        """
        total = self._fatal_total
        messages = [problem.line(skip) for problem in self._first_fatal]
        if total == 1:
            raise DataError(messages[0])
        if total:
            listed = "".join(f"\n  {message}" for message in messages)
            more = f"\n  ... and {total - SHOWN} more" if total > SHOWN else ""
            raise DataError(f"{self.file}: {total} problems: {kinds_listed(self._fatal)}{listed}{more}")


def kinds_listed(counts: Counter) -> str:
    """How often each kind was met, the most frequent first; few are named."""
    return listed([f"{kind} ({count})" for kind, count in counts.most_common()])


def listed(names: Sequence[str]) -> str:
    """Some names with commas between, none of them at length, and how many more there are."""
    names_shown = map(str, names[:NAMED])
    shown = [name if len(name) <= LONGEST and name.isprintable() else shortened(name) for name in names_shown]
    return ", ".join(shown) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def shortened(text: str, length: int = 60) -> str:
    """The text in quotes, cut in the middle when it is long."""
    return repr(text if len(text) <= length else f"{text[: length - 20]} ... {text[-15:]}")
