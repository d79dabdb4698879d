"""Vectors of length 1, and the cosines of a row's texts."""

import mindspore as ms
from mindspore import ops

TINY = 1e-12
"""Of a length: a vector of zeros has no direction, and gets a cosine of 0."""


def unit(vectors):
    """[..., D] -> [..., D] float32, each of length 1."""
    x = vectors.astype(ms.float32)
    return x * ops.rsqrt((x * x).sum(axis=-1, keepdims=True) + TINY)


def pair_cosines(vectors):
    """[B, T, D] -> [B, T - 1]: of the first text of each row with each of its others."""
    x = unit(vectors)
    return (x[:, :1] * x[:, 1:]).sum(axis=-1)
