"""Scores of ranked candidates with exact handling of equal scores (McSherry and Najork 2008)."""

from collections.abc import Iterable, Sequence
from math import comb

import numpy as np


def score_rankings(rankings: Iterable[tuple[Sequence[float], Sequence[int]]]) -> dict[str, float]:
    """Means over the questions: mrr, map, accuracy_at_1; and how many questions counted.

    mrr: 1 / place of the first right candidate. map: mean over the right candidates of the share of right ones among
    all down to it. accuracy_at_1: whether the first candidate is right. Where scores are equal, each is its mean over
    all orders of the equal ones, so that a network that scores everything alike gains nothing.
    Questions without a right candidate have no place to find: they count in `without_positive` and nowhere else.

    Args:
        rankings: per question the candidates' scores and labels, 1 = right.
    """
    rows, without = [], 0
    for scores, labels in rankings:
        if any(labels):
            rows.append(_expected(np.asarray(scores, np.float64), np.asarray(labels, np.int64)))
        else:
            without += 1
    mrr, average_precision, first = np.mean(rows, axis=0).tolist() if rows else (0.0, 0.0, 0.0)
    return {
        "mrr": mrr, "map": average_precision, "accuracy_at_1": first, "total": len(rows), "without_positive": without,
    }  # fmt: skip


def _expected(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float, float]:
    """Reciprocal rank, average precision and accuracy at 1, each as its mean over the orders of equal scores."""
    reciprocal = precision = 0.0
    first = None
    before = right_before = 0
    for score in np.unique(scores)[::-1]:
        tied = scores == score
        size, right = int(tied.sum()), int(labels[tied].sum())
        if first is None:
            first = right / size
        if right and not right_before:
            # the first right one stands at place i of the tie in C(size - i, right - 1) of C(size, right) orders
            chances = (comb(size - i, right - 1) / (before + i) for i in range(1, size - right + 2))
            reciprocal = sum(chances) / comb(size, right)
        for i in range(1, size + 1) if right else ():
            also_right = (i - 1) * (right - 1) / (size - 1) if size > 1 else 0.0  # of those before it in the tie
            precision += right / size * (right_before + also_right + 1) / (before + i)
        before, right_before = before + size, right_before + right
    return reciprocal, precision / right_before, first
