"""ROUGE (Lin 2004) of a text against its references: words in any script, no stemming, no stop words."""

from collections import Counter
from collections.abc import Sequence

from tasklab.metrics.scripts import words_of


def score_rouge(text: str, references: Sequence[str]) -> dict[str, float]:
    """rouge_1, rouge_2, rouge_l: F1 in percent, each of the reference that it is best for."""
    words = words_of(text)
    by_reference = [_against(words, words_of(reference)) for reference in references]
    return {name: 100 * max(scores[name] for scores in by_reference) for name in by_reference[0]}


def _against(words: list[str], reference: list[str]) -> dict[str, float]:
    scores = {}
    for n in (1, 2):
        own, other = (Counter(zip(*(side[i:] for i in range(n)), strict=False)) for side in (words, reference))
        scores[f"rouge_{n}"] = _f1((own & other).total(), own.total(), other.total())
    return scores | {"rouge_l": _f1(longest_common(words, reference), len(words), len(reference))}


def _f1(shared: int, own: int, other: int) -> float:
    return 2 * shared / (own + other) if own + other else 1.0


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Items of the longest subsequence that both have, gaps allowed (by bits: Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << place
    row = full = (1 << len(first)) - 1
    for item in second:
        met = row & places.get(item, 0)
        row = (row + met | row - met) & full
    return len(first) - row.bit_count()
