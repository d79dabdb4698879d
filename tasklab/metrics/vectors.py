"""Vectors of texts: how alike two are, and the whitening that a corpus of them asks for (Su et al. 2021)."""

from collections.abc import Sequence

import numpy as np


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """[N, D] -> [N, D]: each row divided by its length; rows of zeros stay. Computed in float64, same type."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(lengths > 0, lengths, 1)).astype(vectors.dtype)


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[N, D] and [N, D] -> [N] float64: the cosine of each row with the same row of the other; 0 for a row of zeros."""
    return (unit_rows(first.astype(np.float64)) * unit_rows(second.astype(np.float64))).sum(axis=1)


def piece_cosines(tokenizer, first: Sequence[str], second: Sequence[str]) -> list[float]:
    """Of each text and the same one of the other list: the cosine of their sets of word pieces, each counted once."""
    sets = ([set(ids.tolist()) for ids, _ in tokenizer.encode_batch(texts)] for texts in (first, second))
    return [len(a & b) / max(1, len(a) * len(b)) ** 0.5 for a, b in zip(*sets, strict=True)]


class Moments:
    """Mean and covariance of vectors that come in parts, in float64 (Chan et al. 1983, pairwise update)."""

    def __init__(self):
        self.count, self.mean, self._scatter = 0, 0.0, 0.0

    def add(self, vectors: np.ndarray):
        """vectors [N, H], N >= 1."""
        wide = vectors.astype(np.float64)
        count, mean = len(wide), wide.mean(axis=0)
        centred, shift = wide - mean, mean - self.mean  # [N, H], [H]
        total = self.count + count
        # sum of (x - mean) (x - mean)^T of both parts about the new mean: [H, H]
        self._scatter = self._scatter + centred.T @ centred + np.outer(shift, shift) * (self.count * count / total)
        self.mean = self.mean + shift * (count / total)
        self.count = total

    @property
    def covariance(self) -> np.ndarray:
        """[H, H], divided by the count - 1."""
        return self._scatter / (self.count - 1)


def whitening(moments: Moments, dimensions: int) -> tuple[np.ndarray, int]:
    """(kernel [H, dimensions], directions in which the vectors differ): U / sqrt(eigenvalues), the largest first.

    With fewer such directions than `dimensions` the kernel is of no use: it would divide by rounding errors.
    """
    directions, values, _ = np.linalg.svd(moments.covariance)  # [H, H] in columns, [H] falling
    # in float64, but the vectors were float32: what is below its rounding of the largest is noise
    rank = int((values > values[0] * np.finfo(np.float32).eps).sum())
    return directions[:, :dimensions] / np.sqrt(np.maximum(values[:dimensions], np.finfo(np.float64).tiny)), rank
