"""What an inspection of a data set finds: flaws with their first places, and how lengths are spread."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np

QUANTILES = (0, 50, 90, 99, 100)  # percent
PLACES = 5
"""Places shown per finding."""


class Placed(Protocol):
    place: str


E = TypeVar("E", bound=Placed)


@dataclass
class Finding:
    """Rows with one thing in common, and the first places."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, place: str):
        self.count += 1
        if len(self.first) < PLACES:
            self.first.append(place)


def quantiles(values) -> tuple:
    """The values at the percentiles of QUANTILES, each one that occurs."""
    return tuple(np.percentile(values, QUANTILES, method="nearest").tolist())


def token_quantiles(tokenizer, texts: Iterable[str]) -> tuple[int, ...]:
    """Tokens of the texts, special ones aside; () where there is no text, or none that has any."""
    lengths = token_counts(tokenizer, texts)
    return quantiles(lengths) if any(lengths) else ()


def token_counts(tokenizer, texts: Iterable[str]) -> list[int]:
    """Tokens of each text, special ones aside."""
    return [len(ids) for ids, _ in tokenizer.encode_batch(list(texts))]


def repeats(examples: Iterable[E], key: Callable[[E], Hashable]) -> Iterator[tuple[E, E]]:
    """(the first one, this one) for every example whose key was met before."""
    first: dict[Hashable, E] = {}
    for example in examples:
        if (earlier := first.setdefault(key(example), example)) is not example:
            yield earlier, example


def met_before(
    examples: Iterable[E], key: Callable[[E], Hashable], file: str, difference: Callable[[E, E], str]
) -> tuple[Finding, Finding]:
    """(duplicates, contradictions) among examples of one key, each with the place of the first.

    file: what need not be said of that place.
    difference: what tells an example from the first one, '' where they say the same.
    """
    duplicates, contradictions = Finding(), Finding()
    for earlier, example in repeats(examples, key):
        place = f"{example.place} as {earlier.place.removeprefix(file).removeprefix(': ')}"
        if apart := difference(example, earlier):
            contradictions.add(f"{place}: {apart}")
        else:
            duplicates.add(place)
    return duplicates, contradictions


def once(examples: Iterable[E], key: Callable[[E], Hashable]) -> list[E]:
    """The first example of every key."""
    first: dict[Hashable, E] = {}
    for example in examples:
        first.setdefault(key(example), example)
    return list(first.values())


def leaks(train: Iterable[E], dev: Iterable[E], key: Callable[[E], Hashable]) -> Finding:
    """Examples of `dev` whose key one of `train` has."""
    keys, finding = set(map(key, train)), Finding()
    for example in dev:
        if key(example) in keys:
            finding.add(example.place)
    return finding


@lru_cache(maxsize=256)  # the questions of one context follow one another
def plain(text: str) -> str:
    """The text whatever its case and blanks: what compares equal here is the same to a reader."""
    return " ".join(text.casefold().split())
