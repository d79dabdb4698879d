"""Convolutions over a row that look back only: token t reads itself and the kernel_size - 1 tokens before it."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.compat import parameter


class Kernel(nn.Cell):
    """windows [B, S, kernel_size * in_size] -> [B, S, out_size], one matrix product.

    `weight` [out_size, kernel_size, in_size], the oldest token of the window first; `bias` [out_size].
    """

    def __init__(self, in_size: int, out_size: int, kernel_size: int):
        super().__init__()
        self.weight = parameter((out_size, kernel_size, in_size), "weight")
        self.bias = parameter((out_size,), "bias")
        self.product, self.add_bias = ops.MatMul(transpose_b=True), ops.BiasAdd()

    def construct(self, windows):
        B, S, size = windows.shape
        out = self.product(windows.reshape((-1, size)), self.weight.reshape((-1, size)))  # [B * S, out_size]
        return self.add_bias(out, self.bias).reshape((B, S, -1))


class CausalConvolution(nn.Cell):
    """x [B, S, in_size]; mask (not needed, padding stands behind the real tokens) -> [B, S, out_size]."""

    def __init__(self, in_size: int, out_size: int, kernel_size: int):
        super().__init__()
        self.kernel_size = kernel_size
        self.output = Kernel(in_size, out_size, kernel_size)

    def construct(self, x, mask):
        return self.output(windows(x, self.kernel_size))


class GatedConvolution(nn.Cell):
    """A causal convolution times the sigmoid of another one (Dauphin et al. 2017, equation 1)."""

    def __init__(self, in_size: int, out_size: int, kernel_size: int):
        super().__init__()
        self.kernel_size = kernel_size
        self.output, self.gate = (Kernel(in_size, out_size, kernel_size) for _ in range(2))

    def construct(self, x, mask):
        x = windows(x, self.kernel_size)  # [B, S, K E], for both convolutions
        return self.output(x) * ops.sigmoid(self.gate(x))


class Convolutions(nn.Cell):
    """A layer, then others above it; with `block_size` a sum around each block of so many of these, layers left over at
    the end have none."""

    def __init__(self, layers: list, block_size: int = 0):
        super().__init__()
        self.first, self.layers = layers[0], nn.CellList(layers[1:])
        self.block_size = block_size

    def construct(self, x, mask):
        x = start = self.first(x, mask)  # [B, S, H]; `start` is what the next sum adds
        for i in range(len(self.layers)):
            x = self.layers[i](x, mask)
            if self.block_size and (i + 1) % self.block_size == 0:
                x = start = x + start
        return x


class WithRecurrence(nn.Cell):
    """Convolutions above a recurrent stack, or under it; each is a cell (x, mask) -> x."""

    def __init__(self, recurrent: nn.Cell, convolutions: nn.Cell, recurrent_first: bool):
        super().__init__()
        self.recurrent, self.convolutions = recurrent, convolutions
        self.recurrent_first = recurrent_first

    def construct(self, x, mask):
        if self.recurrent_first:
            return self.convolutions(self.recurrent(x, mask), mask)
        return self.recurrent(self.convolutions(x, mask), mask)


def windows(x, kernel_size: int):
    """[B, S, kernel_size * E]: for each token those before it and itself."""
    B, S, E = x.shape
    # zeros stand before the first token: [B, K - 1 + S, E]
    padded = ops.concat((ops.zeros((B, kernel_size - 1, E), ms.float32), x), axis=1) if kernel_size > 1 else x
    return ops.concat([padded[:, k : k + S] for k in range(kernel_size)], axis=-1)  # oldest token first
