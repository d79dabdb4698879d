"""UER-py's convolutional encoders. Its kernels are those of pictures one column wide: [out, 1, k, in] for the layer on
the word vectors, [out, in, k, 1] above; ours are [out, k, in]."""

from collections.abc import Iterator

import numpy as np

from tasklab.weights.tables import Transform, pair
from tasklab.weights.tables.uer import embeddings, register
from tasklab.weights.tables.uer_recurrent import stack

_FIRST = Transform(lambda kernel: kernel[:, 0], lambda kernel: kernel[:, None])
_ABOVE = Transform(
    lambda kernel: kernel[..., 0].transpose(0, 2, 1), lambda kernel: kernel.transpose(0, 2, 1)[..., None]
)
_SUM = Transform(
    lambda bias, more: bias + more.reshape(-1), lambda bias: (bias, np.zeros((1, len(bias), 1, 1), bias.dtype))
)
"""A gated layer of theirs has two biases, of the convolution and of its own; only their sum counts."""


def _gated(ours: str, number: str, bias_number: str, kernel: Transform) -> Iterator[tuple]:
    """number: how theirs counts the convolutions; bias_number: and the biases of its own."""
    for our, their in (("output", "conv"), ("gate", "gate")):
        biases = (f"encoder.{their}{number}.bias", f"encoder.{their}_b{bias_number}")
        yield f"{ours}.{our}.weight", f"encoder.{their}{number}.weight", kernel
        yield f"{ours}.{our}.bias", biases, _SUM


def _plain(ours: str) -> list[tuple]:
    return [
        *pair(f"{ours}.first.output", "encoder.conv_1", _FIRST),
        *pair(f"{ours}.layers.{{}}.output", "encoder.conv.{}", _ABOVE),
    ]


register("uer_cnn", ("cnn",), (*embeddings(), *_plain("encoder.layers.0")))
register(
    "uer_rcnn",
    ("rcnn", "crnn"),
    (
        *embeddings(),
        *stack("encoder.layers.0.recurrent", "encoder.rnn"),
        *_plain("encoder.layers.0.convolutions"),
    ),
    needs=("encoder.rnn.weight_ih_l0", "encoder.conv_1.weight"),
)
register(
    "uer_gatedcnn",
    ("gatedcnn",),
    (
        *embeddings(),
        *_gated("encoder.layers.0.first", "_1", "1", _FIRST),
        *_gated("encoder.layers.0.layers.{}", ".{}", ".{}", _ABOVE),
    ),
)
