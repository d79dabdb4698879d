"""Heads for vectors of texts: pooling, and whitening (Su et al. 2021, "Whitening Sentence Representations")."""

from mindspore import nn, ops

from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.compat import parameter


class Whitening(nn.Cell):
    """(x - mean) kernel: with the statistics of a corpus, vectors of unit covariance with fewer dimensions.

    Inputs:  x [B, H].
    Returns: [B, D].
    """

    def __init__(self, hidden_size: int, dimensions: int):
        super().__init__()
        self.mean = parameter((hidden_size,), "mean")
        self.kernel = parameter((hidden_size, dimensions), "kernel")

    def construct(self, x):
        return ops.matmul(x - self.mean, self.kernel)  # [B, H] x [H, D]


class VectorHead(nn.Cell):
    """One vector per row, whitened when `dimensions` says how many are to be left.

    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: a tuple with the vectors [B, H], whitened [B, dimensions].
    """

    def __init__(self, pooling: str, hidden_size: int, dimensions: int | None = None):
        super().__init__()
        self.pooling, self.size = Pooling(pooling), hidden_size
        self.whitening = Whitening(hidden_size, dimensions) if dimensions else nn.Identity()

    def construct(self, hidden, mask):
        pooled = self.pooling(hidden, mask).reshape((-1, self.size))  # [B, 1, H] -> [B, H]
        return (self.whitening(pooled),)
