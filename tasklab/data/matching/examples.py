"""What text matching learns from and answers: a text, and those that it is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

REACH = 1000
"""Pairs further on are not looked at for one that does not match: of a file about one text there may be none."""


class Candidate(NamedTuple):
    """text: what is compared; `name: description` of a file."""

    text: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class MatchingExample:
    """A text, and what it is compared with.

    texts: itself first; the second one matches as `label` says, from 0 to 1, and with no label it does; the others do
    not. Of pairs in a file without labels it is 1.   scores: a teacher's, of each text behind the first.
    candidates: those texts, where they are some.
    """

    id: str
    texts: tuple[str, ...]
    label: float | None = None
    scores: tuple[float, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    place: str = ""

    @property
    def text(self) -> str:
        """What nearly equal rows have in common."""
        return " ".join(self.texts)

    @property
    def stratum(self) -> str | None:
        """What folds and subsets hold in equal shares."""
        return str(int(self.label)) if self.label in (0, 1) else None

    @property
    def asked(self) -> dict:
        """For tables of answers."""
        if self.candidates or len(self.texts) == 1:
            return {"id": self.id, "text": self.texts[0]}
        return {"id": self.id, "text_a": self.texts[0], "text_b": self.texts[1]}


class Comparison(NamedTuple):
    """Two texts of an example (its number, and the place of the second among its texts), and how they match."""

    example: int
    place: int
    first: str
    second: str
    label: float | None


def comparisons(examples: Sequence[MatchingExample]) -> list[Comparison]:
    """The first text of each with all its others, example by example.

    Where no label tells, the second text matches and the rest do not. Where every pair matches, each first text is
    compared with the second one of a later pair too, one that nothing says to match it: matches alone tell nothing
    apart.
    """
    pairs = [one for number, example in enumerate(examples) for one in _own(number, example)]
    if any(c.label != 1.0 or c.place > 1 for c in pairs):
        return pairs
    matching = {pair for c in pairs for pair in ((c.first, c.second), (c.second, c.first), (c.first, c.first))}
    return [one for number, own in enumerate(pairs) for one in (own, *_no_match(number, pairs, matching))]


def _own(number: int, example: MatchingExample) -> Iterator[Comparison]:
    first, others = example.texts[0], example.texts[1:]
    for place, text in enumerate(others, start=1):
        label = example.label
        if len(others) > 1 and not example.candidates:
            label = 0.0 if place > 1 else 1.0 if label is None else label
        yield Comparison(number, place, first, text, label)


def _no_match(number: int, pairs: Sequence[Comparison], matching: set[tuple[str, str]]) -> Iterator[Comparison]:
    """A pair's first text with the second one of the nearest later pair that does not match it; nothing without one."""
    for step in range(1, min(len(pairs), REACH)):
        second = pairs[(number + step) % len(pairs)].second
        if (pairs[number].first, second) not in matching:
            yield pairs[number]._replace(place=2, second=second, label=0.0)
            return


def candidates_first(compared: Sequence[Comparison], examples: Sequence[MatchingExample]) -> list[Comparison]:
    """The same, but that candidates stand before the text that they are compared with."""
    turned = (c._replace(first=c.second, second=c.first) for c in compared)
    return [t if examples[c.example].candidates else c for c, t in zip(compared, turned, strict=True)]
