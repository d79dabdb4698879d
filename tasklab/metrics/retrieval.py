"""Scores of ranked hits against all that is relevant: nDCG, MRR and recall at k (definitions: trec_eval, BEIR)."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from math import log2

import numpy as np


def score_retrieval(
    ranked: Sequence[Sequence[Hashable]],
    relevant: Sequence[Mapping[Hashable, float] | Collection[Hashable]],
    k: int = 10,
) -> dict[str, float]:
    """Means over the queries that have something relevant: ndcg_at_k, mrr_at_k, recall_at_k; how many counted.

    Args:
        ranked: per query the names of its hits, best first; those behind the k-th are not looked at.
        relevant: per query the names of all that it should find: a set, or name -> gain, 0 for what is of no use.
    Raises: ValueError where a query hits one thing twice, which would count it twice.
    """
    if k < 1:
        raise ValueError(f"k is {k}; expected at least 1")
    rows, without = [], 0
    for number, (hits, judgments) in enumerate(zip(ranked, relevant, strict=True)):
        gains = dict(judgments) if isinstance(judgments, Mapping) else dict.fromkeys(judgments, 1.0)
        gains = {name: gain for name, gain in gains.items() if gain > 0}
        first = list(hits[:k])
        if len(set(first)) < len(first):
            raise ValueError(f"query {number}: the same hit stands twice among the first {k}")
        if gains:
            rows.append(_scores(first, gains, k))
        else:
            without += 1
    means = np.mean(rows, axis=0).tolist() if rows else [0.0] * 3
    names = (f"ndcg_at_{k}", f"mrr_at_{k}", f"recall_at_{k}")
    return {**dict(zip(names, means, strict=True)), "total": len(rows), "without_positive": without}


def _scores(hits: Sequence, gains: Mapping[Hashable, float], k: int) -> tuple[float, float, float]:
    own = [gains.get(name, 0.0) for name in hits]
    first = next((place for place, gain in enumerate(own, start=1) if gain), None)
    ideal = _discounted(sorted(gains.values(), reverse=True)[:k])
    return _discounted(own) / ideal, 1 / first if first else 0.0, sum(gain > 0 for gain in own) / len(gains)


def _discounted(gains: Sequence[float]) -> float:
    """Sum of gain / log2(place + 1), places from 1 (Järvelin & Kekäläinen 2002, linear gains as in trec_eval)."""
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, start=1))
