"""Activation functions by the names of HuggingFace configurations."""

from mindspore import nn, ops

from tasklab.errors import UnknownName
from tasklab.nn.compat import on_cpu


def activation(name: str) -> nn.Cell:
    """A cell x -> act(x) of any shape. Raises: UnknownName."""
    if name not in ACTIVATIONS:
        raise UnknownName(f"no activation named {name!r}; set model.hidden_act to one of: {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()


class _GeluByErf(nn.Cell):
    """Hendrycks and Gimpel 2016, x * normal_cdf(x), exact: BERT's own.

    Value and gradient of [16, 128, 3072] on two CPU cores: 70 ms with this gradient, which keeps nothing but x; 79 ms
    with autodiff; ops.gelu takes a third longer still.
    """

    def construct(self, x):
        return x * self.cdf(x)

    def bprop(self, x, out, dout):
        return (dout * (self.cdf(x) + x * 0.3989422804014327 * ops.exp(x * x * -0.5)),)  # 1 / sqrt(2 pi)

    def cdf(self, x):
        return ops.erf(x * 0.7071067811865476) * 0.5 + 0.5  # 0.7071... is 1 / sqrt(2)


class _GeluBySigmoid(nn.Cell):
    """The tanh form of the paper's section 2, GPT's own. nn.GELU takes several times as long on CPU."""

    def construct(self, x):
        # 0.5 (1 + tanh u) = sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3); 1.5957... is 2 sqrt(2 / pi)
        return x * ops.sigmoid((x + x * x * x * 0.044715) * 1.5957691216057308)


class _TanhBySigmoid(nn.Cell):
    """tanh within 2e-6; ops.tanh is off by up to 1e-4 on CPU."""

    def construct(self, x):
        return ops.sigmoid(x * 2) * 2 - 1  # tanh x = 2 sigmoid(2 x) - 1


def _gelu() -> nn.Cell:
    return _GeluByErf() if on_cpu() else nn.GELU(approximate=False)


def _gelu_tanh() -> nn.Cell:
    return _GeluBySigmoid() if on_cpu() else nn.GELU(approximate=True)


def _tanh() -> nn.Cell:
    return _TanhBySigmoid() if on_cpu() else nn.Tanh()


ACTIVATIONS = {
    "gelu": _gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "swish": nn.SiLU,
    "tanh": _tanh,
}
