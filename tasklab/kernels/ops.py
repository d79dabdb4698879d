"""The fused encoder layer as a MindSpore cell: one node forward, one node backward, in graph mode and PyNative."""

import functools
import math

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab import kernels
from tasklab.kernels import build, runtime
from tasklab.kernels.activations import ACTIVATIONS


class FusedEncoderLayer(nn.Cell):
    """A whole post-norm BERT layer without parameters of its own: its caller hands them over at each call.

    B batch, S sequence, H hidden size, I intermediate size. Dropout follows nn/blocks/dropout.py bit by bit.
    With `bfloat16` the matrix products read bfloat16 operands and so does the memory kept for the backward pass; sums,
    norms, softmax, residuals, parameters and gradients stay float32. `causal`: a token sees nothing behind it.
    Inputs:  x [B, S, H] float32; mask [B, S] int32, 0 = padding; then weight and bias of query, key, value, output,
        attention norm, intermediate, feed-forward output, norm (norms: gamma, beta).
    Returns: [B, S, H]. Padded positions are left out of the work: their rows are 0, and so are their gradients.
    Raises:  ValueError for an unknown activation or a probability outside [0, 1).
    """

    def __init__(
        self, num_heads: int, act: str = "gelu", dropout: float = 0.1, attention_dropout: float = 0.1,
        eps: float = 1e-12, recompute: bool = False, bfloat16: bool = False, causal: bool = False,
    ):  # fmt: skip
        super().__init__()
        if act not in ACTIVATIONS:
            raise ValueError(f"no fused activation {act!r}; known: {', '.join(ACTIVATIONS)}")
        self.head = [num_heads, ACTIVATIONS[act], int(recompute), int(bfloat16), int(causal), float_bits(eps)]
        self.rates = (attention_dropout, dropout, dropout)
        self.infer, self.train_step = _primitives(num_heads, recompute, bfloat16)
        self.bind(Tensor(0, ms.int32), (0, 1, 2))

    def bind(self, seed: ms.Tensor, sites: tuple[int, int, int]):
        """Takes the network's int32 seed and the numbers of three of its dropouts: on the attention probabilities,
        on the attention output, on the feed-forward output."""
        object.__setattr__(self, "seed", seed)  # past Cell.__setattr__, which would list it among the weights
        drops = [value for site, p in zip(sites, self.rates, strict=True) for value in (site, *thresholds(p))]
        off = [value for site in sites for value in (site, *thresholds(0.0))]
        self.settings_train = Tensor(np.array(self.head + drops, np.int32))
        self.settings_infer = Tensor(np.array(self.head + off, np.int32))

    def construct(
        self, x, mask, query, query_bias, key, key_bias, value, value_bias, output, output_bias,
        norm1, norm1_bias, up, up_bias, down, down_bias, norm2, norm2_bias,
    ):  # fmt: skip
        if self.training:
            return self.train_step(
                x, mask, self.seed, self.settings_train, query, query_bias, key, key_bias, value, value_bias, output,
                output_bias, norm1, norm1_bias, up, up_bias, down, down_bias, norm2, norm2_bias,
            )[0]  # fmt: skip
        return self.infer(
            x, mask, self.seed, self.settings_infer, query, query_bias, key, key_bias, value, value_bias, output,
            output_bias, norm1, norm1_bias, up, up_bias, down, down_bias, norm2, norm2_bias,
        )  # fmt: skip


@functools.cache
def _primitives(num_heads: int, recompute: bool, bfloat16: bool):
    """The operators for prediction and for training."""
    path = library_path(bfloat16)

    def saved_shape(x, up):
        if recompute:
            return [1]
        if x[0] < 0 or x[1] < 0:
            return [-1]
        rows, operands = x[0] * x[1], x[0] * x[1] * (4 * x[2] + up[0])  # saved_floats in src/layer.cc
        return [(operands // 2 + operands % 2 if bfloat16 else operands) + rows * (2 * x[2] + 4 + num_heads)]

    def train_shapes(x, mask, seed, settings, *parameters):
        return x, saved_shape(x, parameters[10])

    def grad_shapes(dy, x, mask, seed, settings, *parameters):
        return x, *parameters[:-1]

    def grad_types(dy, x, mask, seed, settings, *parameters):
        return x, *parameters[:-1]

    backward = ops.Custom(f"{path}:TasklabLayerGrad", grad_shapes, grad_types, "aot")

    def bprop(
        x, mask, seed, settings, query, query_bias, key, key_bias, value, value_bias, output, output_bias,
        norm1, norm1_bias, up, up_bias, down, down_bias, norm2, norm2_bias, out, dout,
    ):  # fmt: skip
        grads = backward(
            dout[0], x, mask, seed, settings, query, query_bias, key, key_bias, value, value_bias, output, output_bias,
            norm1, norm1_bias, up, up_bias, down, down_bias, norm2, norm2_bias, out[1],
        )  # fmt: skip
        return (grads[0], ops.zeros_like(mask), ops.zeros_like(seed), ops.zeros_like(settings)) + grads[1:]

    infer = ops.Custom(f"{path}:TasklabLayer", lambda x, *_: x, lambda x, *_: x, "aot")
    train = ops.Custom(f"{path}:TasklabLayerTrain", train_shapes, lambda x, *_: (x, x), "aot", bprop)
    # MindSpore remembers inferred shapes by attributes and inputs, and would give one kind of `saved` for the other
    train.add_prim_attr("saved", f"{num_heads} heads, recompute {recompute}, bfloat16 {bfloat16}")
    return infer, train


def library_path(bfloat16: bool) -> str:
    """Where the operators are, once MindSpore is ready to run them.

    Raises: RuntimeError when there are none, or no `bfloat16` products and these are asked for.
    """
    if not kernels.available():
        raise RuntimeError(f"fused kernels are not available: {kernels.why_not()}")
    if bfloat16 and not kernels.bf16():
        raise RuntimeError("this processor has no bfloat16 matrix products")
    runtime.run_inline()
    return build.library().path


def thresholds(p: float) -> tuple[int, int]:
    """What a kernel knows of a dropout: floor(p * 2**31) and the float32 1 / (1 - p)."""
    if not 0 <= p < 1:
        raise ValueError(f"dropout probability {p} is not in [0, 1)")
    return math.floor(p * 2**31), float_bits(1 / (1 - p))


def float_bits(value: float) -> int:
    """A float32 as the int32 of equal bits: settings travel in one integer tensor."""
    return int(np.float32(value).view(np.int32))
