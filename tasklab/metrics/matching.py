"""Scores of pairs that match or do not: correlations, average precision, and the threshold that parts them best.

Definitions: SciPy and scikit-learn; one threshold for F1, accuracy and MCC, so that all three can be had at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasklab.metrics.bootstrap import Interval, interval
from tasklab.metrics.correlation import score_numbers

NEARLY_ALL = 0.9
"""Share of pairs predicted to match from which a model is suspected of telling nothing apart."""


ALIKE = 0.8
"""Label from which a pair counts among those whose vectors should be near: 4 of 5 in STS-B, as SimCSE counts."""


class Threshold(NamedTuple):
    """Pairs that score at least `value` match; the scores are those of this decision, fractions of 1."""

    value: float
    f1: float
    precision: float
    recall: float
    accuracy: float
    matthews_correlation: float


def are_classes(labels: Sequence[float]) -> bool:
    """Whether pairs match or do not, rather than more or less."""
    return set(labels) <= {0.0, 1.0}


def score_pairs(scores: Sequence[float], labels: Sequence[float], threshold: float | None = None) -> dict[str, float]:
    """`score_matching`, or where labels say more than yes and no spearmanr, pearson and total."""
    if are_classes(labels):
        return score_matching(scores, labels, threshold)
    numbers = score_numbers(scores, labels)
    return {name: numbers[name] for name in ("spearmanr", "pearson", "total")}


def score_matching(scores: Sequence[float], labels: Sequence[int], threshold: float | None = None) -> dict[str, float]:
    """spearmanr, pearson, average_precision; the best threshold, or the given one, and what it scores; total.

    Args:
        scores: [N] the higher, the more alike.
        labels: [N] 1 for pairs that match, else 0.
    """
    chosen = best_threshold(scores, labels) if threshold is None else scores_at(threshold, scores, labels)
    numbers = score_numbers(scores, labels)
    return {
        "spearmanr": numbers["spearmanr"],
        "pearson": numbers["pearson"],
        "average_precision": average_precision(scores, labels),
        "threshold": chosen.value,
        **{name: getattr(chosen, name) for name in ("f1", "precision", "recall", "accuracy", "matthews_correlation")},
        "total": len(labels),
    }


def average_precision(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Sum over thresholds of the precision times what recall gains there; equal scores are one threshold; 0 without a
    match."""
    order = _Ranked(scores, labels)
    hits, taken = order.counts(np.ones(len(order.labels)))
    gained = np.diff(hits, prepend=0.0)  # [K] matches at each distinct score
    return float((gained * hits / taken).sum() / hits[-1]) if len(hits) and hits[-1] else 0.0


def best_threshold(scores: Sequence[float], labels: Sequence[int]) -> Threshold:
    """The one with the highest F1, of equals the highest; halfway between two scores, so that both are clear of it.

    Raises: ValueError without a pair.
    """
    if not len(scores):
        raise ValueError("no pairs to choose a threshold by")
    order = _Ranked(scores, labels)
    return scores_at(order.cuts[_best(*order.counts(np.ones(len(order.labels))))], scores, labels)


def threshold_interval(scores: Sequence[float], labels: Sequence[int]) -> Interval:
    """Where the best threshold lies when the pairs are drawn anew (percentile bootstrap, 95 %)."""
    order = _Ranked(scores, labels)

    def drawn_best(rows: np.ndarray) -> float:
        weights = np.bincount(rows, minlength=len(order.labels))  # [N] how often each pair was drawn, best first
        return order.cuts[_best(*order.counts(weights))]

    return interval(drawn_best, len(order.labels))


def scores_at(threshold: float, scores: Sequence[float], labels: Sequence[int]) -> Threshold:
    """What a given threshold scores; what is not defined, as precision without a prediction is, counts as 0."""
    matches, taken = np.asarray(labels) == 1, np.asarray(scores, np.float64) >= threshold  # [N] bool
    hits, false = int((matches & taken).sum()), int((taken & ~matches).sum())
    missed, passed = int((matches & ~taken).sum()), int((~matches & ~taken).sum())
    # a product of four counts can pass 2 ** 63: Python's integers hold it
    spread = (hits + false) * (hits + missed) * (passed + false) * (passed + missed)
    return Threshold(
        float(threshold),
        _share(2 * hits, 2 * hits + false + missed),
        _share(hits, hits + false),
        _share(hits, hits + missed),
        _share(hits + passed, len(matches)),
        _share(hits * passed - false * missed, spread**0.5),
    )


def mostly_positive(scores: Sequence[float], labels: Sequence[int], threshold: float) -> list[str]:
    """A warning where nearly every pair is predicted to match though far fewer do: F1 hides it, at 0.667 for even
    labels."""
    taken, matching = float((np.asarray(scores) >= threshold).mean()), float((np.asarray(labels) == 1).mean())
    if taken < NEARLY_ALL or matching > taken - (1 - NEARLY_ALL):
        return []
    return [
        f"{taken:.1%} of the pairs are predicted to match at the threshold {threshold:.4g}, though {matching:.1%} do: "
        f"F1 would be {2 * matching / (1 + matching):.3f} for answering yes to all; look at average_precision and "
        "matthews_correlation, and train longer or with other negatives"
    ]


def alignment(cosines: Sequence[float], labels: Sequence[float]) -> float | None:
    """Mean of |u - v|^2 over the pairs labelled ALIKE or more, low is good (Wang & Isola 2020); None without one."""
    distances = [2 - 2 * cosine for cosine, label in zip(cosines, labels, strict=True) if label >= ALIKE]
    return float(np.mean(distances)) if distances else None


def uniformity(vectors: np.ndarray, most: int = 2048) -> float:
    """Log of the mean over pairs of different rows of exp(-2 |x - y|^2), low is good (Wang & Isola 2020).

    vectors [N, D], unit rows; of more than `most` so many, evenly spread. NaN with fewer than two.
    """
    if len(vectors) > most:
        vectors = vectors[np.arange(most) * len(vectors) // most]
    wide = vectors.astype(np.float64)
    if len(wide) < 2:
        return float("nan")
    one, other = np.triu_indices(len(wide), k=1)
    products = (wide @ wide.T)[one, other]  # [N (N - 1) / 2]; |x - y|^2 = 2 - 2 x y
    return float(np.log(np.exp(-2 * (2 - 2 * products)).mean()))


class _Ranked:
    """Pairs from the highest score to the lowest.

    labels [N] in that order; cuts [K]: the threshold below each distinct score.
    """

    def __init__(self, scores: Sequence[float], labels: Sequence[int]):
        wide = np.asarray(scores, np.float64)
        order = np.argsort(-wide, kind="stable")
        falling, self.labels = wide[order], (np.asarray(labels)[order] == 1).astype(np.float64)
        self.ends = np.flatnonzero(np.append(np.diff(falling) < 0, len(falling) > 0))  # [K] last of each distinct score
        distinct = falling[self.ends]
        halfway = (distinct[:-1] + distinct[1:]) / 2
        halfway = np.where(halfway > distinct[1:], halfway, distinct[:-1])  # neighbours may have no number between them
        self.cuts = np.append(halfway, distinct[-1:])  # [K]

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(matches, pairs) down to each distinct score, [K] each, where pair i counts weights[i] times."""
        return np.cumsum(self.labels * weights)[self.ends], np.cumsum(weights)[self.ends]


def _best(hits: np.ndarray, taken: np.ndarray) -> int:
    """Which cut has the highest F1 = 2 hits / (taken + matches), the first of equals."""
    return int(np.argmax(hits / np.maximum(1, taken + hits[-1])))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
