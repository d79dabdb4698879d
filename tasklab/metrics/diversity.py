"""Whether generated texts say something new: distinct n-grams (Li et al. 2016), and repetition inside a text."""

from collections.abc import Hashable, Sequence

REPEATED = 4
"""Tokens of a stretch that counts as repeated."""


def score_diversity(samples: Sequence[Sequence[Hashable]]) -> dict[str, float]:
    """samples: tokens of each text.

    distinct_1, distinct_2: different n-grams over all n-grams, of all texts together.
    repetition: share of the stretches of REPEATED tokens that stood in the text before, the mean over texts; one that
    is too short repeats nothing.
    """
    scores = {}
    for n in (1, 2):
        grams = [gram for sample in samples for gram in _grams(sample, n)]
        scores[f"distinct_{n}"] = len(set(grams)) / len(grams) if grams else 0.0
    shares = [1 - len(set(grams)) / len(grams) if (grams := _grams(sample, REPEATED)) else 0.0 for sample in samples]
    return scores | {"repetition": sum(shares) / len(shares) if shares else 0.0}


def _grams(sample: Sequence[Hashable], n: int) -> list[tuple]:
    return list(zip(*(sample[i:] for i in range(n)), strict=False))
