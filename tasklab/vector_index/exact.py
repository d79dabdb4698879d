"""Exact search: all products of queries and vectors, blocks of rows at a time, the best kept without a sort of all.

In the CPU kernel where there is one (kernels/search.py), else in NumPy, with the same order of equal scores.
"""

import numpy as np

from tasklab.kernels import build
from tasklab.kernels.search import as_bytes, largest_products, largest_products_of_bytes

BLOCK = 1 << 16
"""Rows whose products NumPy makes at once; rows that become bytes together."""
CANDIDATES, LEAST = 10, 100
"""Of a search by bytes: rows scored again in float32 per hit that is asked for, and at least (docs/vector_index.md)."""


class Levels:
    """Vectors as int8 with a scale each, a quarter of the bytes; `values` [N, D] int8, `scales` [N] float32."""

    def __init__(self, values: np.ndarray, scales: np.ndarray):
        self.values, self.scales = values, scales

    @classmethod
    def of(cls, vectors: np.ndarray) -> "Levels":
        values, scales = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.float32)
        for first in range(0, len(vectors), BLOCK):
            rows = slice(first, first + BLOCK)
            values[rows], scales[rows] = as_bytes(vectors[rows])
        return cls(values, scales)


def nearest(vectors: np.ndarray, queries: np.ndarray, top: int, levels: Levels | None = None):
    """vectors [N, D], queries [Q, D] -> (scores [Q, top] falling, rows [Q, top]); equal scores by their rows.

    levels: first by these, and the best of that in float32; a vector that they misjudge by far is missed.
    Rows are -1 behind the last vector, and where a score is no number.
    """
    if build.library() is None:
        return _in_numpy(vectors, queries, top)
    if levels is None:
        return largest_products(vectors, queries, top)
    candidates = min(len(vectors), max(LEAST, CANDIDATES * top))
    return largest_products_of_bytes(levels.values, levels.scales, vectors, queries, candidates, top)


def _in_numpy(vectors, queries, top):
    scores = np.full((len(queries), top), -np.inf, np.float32)
    rows = np.full((len(queries), top), -1, np.int64)
    for first in range(0, len(vectors), BLOCK):
        block = queries @ vectors[first : first + BLOCK].T  # [Q, B]
        for q, products in enumerate(block):
            kept = np.flatnonzero(products > scores[q, -1])  # later rows win no tie; NaN is never kept
            if len(kept) > top:
                limit = np.partition(products[kept], -top)[-top]
                kept = kept[products[kept] >= limit]
            together = np.concatenate([scores[q], products[kept]]), np.concatenate([rows[q], first + kept])
            order = np.lexsort((together[1], -together[0]))
            order = order[together[1][order] >= 0][:top]
            scores[q, : len(order)], rows[q, : len(order)] = together[0][order], together[1][order]
    return np.where(rows >= 0, scores, np.float32(0)), rows
