"""How far a chrF may be chance, from the character n-grams that each text shares with its references (Popović 2015)."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tasklab.metrics.bootstrap import Interval, interval

ORDERS = range(1, 7)
RECALL = 2
"""So many times recall counts what precision counts: chrF2, sacrebleu's."""


def chrf_interval(texts: Sequence[str], references: Sequence[Sequence[str]]) -> Interval:
    """Of "chrf" as `bleu.score_bleu` has it."""
    counts = chrf_counts(texts, references)
    return interval(lambda drawn: float(chrf_of(counts[drawn].sum(axis=0))), len(counts))


def chrf_counts(texts: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """[texts, 6, 3]: of each length n-grams said, of the reference, and in common; of several the best reference."""
    every = zip(texts, references, strict=True)
    return np.array([max((_counts(text, one) for one in several), key=chrf_of) for text, several in every])


def chrf_of(counts: np.ndarray) -> float:
    """In percent, of counts [6, 3] of one text or summed; lengths that one side does not have are left out."""
    predicted, reference, common = counts[(counts[:, 0] > 0) & (counts[:, 1] > 0)].T
    if not common.any():
        return 0.0
    precision, recall = (common / predicted).mean(), (common / reference).mean()
    return 100 * (1 + RECALL**2) * precision * recall / (RECALL**2 * precision + recall)


def _counts(text: str, reference: str) -> np.ndarray:
    predicted, gold = ("".join(one.split()) for one in (text, reference))
    return np.array([_shared(_ngrams(predicted, n), _ngrams(gold, n)) for n in ORDERS])


def _ngrams(text: str, n: int) -> Counter:
    return Counter(text[at : at + n] for at in range(len(text) - n + 1))


def _shared(predicted: Counter, reference: Counter) -> tuple[int, int, int]:
    return predicted.total(), reference.total(), (predicted & reference).total()
