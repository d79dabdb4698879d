"""Convolutional encoders, as in UER-py: token t knows nothing of what follows it.

cnn is linear, a stack of causal convolutions and nothing between them; gatedcnn is the one of Dauphin et al. 2017;
rcnn convolves the outputs of an lstm, crnn reads convolutions with one.
"""

from tasklab.encoders import encoder
from tasklab.encoders.parts import embedding_size, encoder_of
from tasklab.encoders.recurrent import stack
from tasklab.nn.convolution import CausalConvolution, GatedConvolution, ResidualBlocks
from tasklab.nn.encoder import Encoder


@encoder("cnn", settings=("kernel_size",))
def cnn(model, pooler: bool = False, **_) -> Encoder:
    """A convolution from the word vectors, then num_hidden_layers more."""
    return encoder_of(model, convolutions(model, embedding_size(model), model.num_hidden_layers + 1), pooler)


@encoder("gatedcnn", settings=("kernel_size", "block_size"))
def gatedcnn(model, pooler: bool = False, **_) -> Encoder:
    """num_hidden_layers gated convolutions with a sum around each block of block_size, the first one before them."""
    layers = convolutions(model, embedding_size(model), model.num_hidden_layers, GatedConvolution)
    return encoder_of(model, [ResidualBlocks(layers, model.block_size)], pooler)


@encoder("rcnn", settings=("kernel_size",))
def rcnn(model, pooler: bool = False, **_) -> Encoder:
    """num_hidden_layers of lstm, and as many convolutions above them."""
    size = model.hidden_size
    recurrent = stack("lstm", model, embedding_size(model), size)
    return encoder_of(model, [recurrent, *convolutions(model, size, model.num_hidden_layers)], pooler)


@encoder("crnn", settings=("kernel_size",))
def crnn(model, pooler: bool = False, **_) -> Encoder:
    """num_hidden_layers convolutions, and as many of lstm above them."""
    size = model.hidden_size
    below = convolutions(model, embedding_size(model), model.num_hidden_layers)
    return encoder_of(model, [*below, stack("lstm", model, size, size)], pooler)


def convolutions(model, in_size: int, count: int, kind: type = CausalConvolution) -> list:
    sizes = [in_size] + [model.hidden_size] * (count - 1)
    return [kind(size, model.hidden_size, model.kernel_size) for size in sizes]
