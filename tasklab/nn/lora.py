"""LoRA: what stands beside a Dense whose weight stands still, and is trained in its place (Hu et al. 2021)."""

from mindspore import nn, ops

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.compat import parameter


class Adapter(nn.Cell):
    """scale * B A, with A [rank, in] and B [out, rank], which starts as 0 and so changes nothing.

    Inputs: x [..., in], of which some is dropped in training.   Returns: [..., out].
    """

    def __init__(self, in_size: int, out_size: int, rank: int, scale: float, dropout: float = 0.0):
        super().__init__()
        self.a, self.b = parameter((rank, in_size), "a"), parameter((out_size, rank), "b")
        self.rank, self.scale, self.in_size, self.out_size = rank, scale, in_size, out_size
        self.dropout = Dropout(dropout)
        self.product, self.through = ops.MatMul(), ops.MatMul(transpose_b=True)

    def construct(self, x):
        inner = self.through(self.dropout(x).reshape((-1, self.in_size)), self.a)  # [T, rank]
        return self.through(inner, self.b * self.scale).reshape((*x.shape[:-1], self.out_size))

    def matrix(self):
        """[out, in], for kernels that take one."""
        return self.product(self.b * self.scale, self.a)

    def flat(self):
        """A and scale * B, [rank * in] and [out * rank], for kernels that take both."""
        return self.a.reshape((-1,)), (self.b * self.scale).reshape((-1,))
