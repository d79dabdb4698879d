"""The head for vectors of texts: pooling, a Dense, whitening (Su et al. 2021, "Whitening Sentence Representations")."""

from mindspore import nn, ops

from tasklab.nn.blocks.activations import activation
from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.compat import dense, parameter


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
    """One vector per row: P poolings side by side, then a Dense (D numbers) and whitening where there is one.

    Args:
        poolings: kinds of `Pooling`. dense_size: D; None for no Dense. act: what follows it.
        dimensions: how many whitening leaves; None for no whitening.
    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: a tuple with the vectors [B, P H], or [B, D], or [B, dimensions].
    """

    def __init__(
        self, poolings: list[str], hidden_size: int, dimensions: int | None = None, dense_size: int | None = None,
        act: str = "tanh",
    ):  # fmt: skip
        super().__init__()
        self.poolings, width = nn.CellList([Pooling(kind) for kind in poolings]), len(poolings) * hidden_size
        self.size = width
        self.dense = dense(width, dense_size) if dense_size else None
        self.act = activation(act)
        self.whitening = Whitening(dense_size or width, dimensions) if dimensions else nn.Identity()

    def construct(self, hidden, mask):
        pooled = [pooling(hidden, mask) for pooling in self.poolings]  # P of [B, 1, H]
        x = (pooled[0] if len(pooled) == 1 else ops.cat(pooled, axis=-1)).reshape((-1, self.size))  # [B, P H]
        if self.dense is not None:
            x = self.act(self.dense(x))  # [B, D]
        return (self.whitening(x),)
