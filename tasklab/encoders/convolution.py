"""Convolutional encoders, as in UER-py: token t knows nothing of what follows it.

cnn is linear, a stack of causal convolutions and nothing between them; gatedcnn is the one of Dauphin et al. 2017;
rcnn convolves the outputs of an lstm, crnn reads convolutions with one.
"""

from tasklab.encoders import encoder
from tasklab.encoders.components import embedding_size, encoder_of
from tasklab.encoders.recurrent import stack
from tasklab.nn.blocks.convolution import CausalConvolution, Convolutions, GatedConvolution, WithRecurrence
from tasklab.nn.blocks.encoder import Encoder


@encoder("cnn", settings=("kernel_size",))
def cnn(model, pooler: bool = False, **_) -> Encoder:
    """A convolution from the word vectors, then num_hidden_layers more."""
    layers = convolutions(model, embedding_size(model), model.num_hidden_layers + 1)
    return encoder_of(model, [Convolutions(layers)], pooler)


@encoder("gatedcnn", settings=("kernel_size", "block_size"))
def gatedcnn(model, pooler: bool = False, **_) -> Encoder:
    """num_hidden_layers gated convolutions with a sum around each block of block_size, the first one before them."""
    layers = convolutions(model, embedding_size(model), model.num_hidden_layers, GatedConvolution)
    return encoder_of(model, [Convolutions(layers, model.block_size)], pooler)


@encoder("rcnn", "crnn", settings=("kernel_size",))
def with_recurrence(model, pooler: bool = False, **_) -> Encoder:
    """num_hidden_layers of lstm, and as many convolutions above them; crnn: under them."""
    recurrent_first, size = model.encoder == "rcnn", model.hidden_size
    below, above = embedding_size(model), size
    recurrent = stack("lstm", model, below if recurrent_first else above, size)
    layers = convolutions(model, above if recurrent_first else below, model.num_hidden_layers)
    return encoder_of(model, [WithRecurrence(recurrent, Convolutions(layers), recurrent_first)], pooler)


def convolutions(model, in_size: int, count: int, kind: type = CausalConvolution) -> list:
    sizes = [in_size] + [model.hidden_size] * (count - 1)
    return [kind(size, model.hidden_size, model.kernel_size) for size in sizes]
