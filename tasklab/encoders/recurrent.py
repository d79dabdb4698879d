"""Recurrent encoders, as in UER-py. rnn, lstm and gru read a row from its first token, or with model.bidirectional each
layer reads both ways; birnn, bilstm and bigru are two stacks, one per way, that never mix (Peters et al. 2018)."""

from tasklab.encoders import encoder
from tasklab.encoders.components import embedding_size, encoder_of
from tasklab.errors import ConfigError
from tasklab.nn.blocks.encoder import Encoder
from tasklab.nn.blocks.recurrent import BothWays, RecurrentLayer, Stack


@encoder("rnn", "lstm", "gru", settings=("bidirectional",))
def one_stack(model, pooler: bool = False, **_) -> Encoder:
    """Layers with dropout behind each, hidden_size wide; where they read both ways, both together."""
    if not model.bidirectional:
        return encoder_of(model, [stack(model.encoder, model, embedding_size(model), model.hidden_size)], pooler)
    half = _half(model)
    layers = [
        BothWays(RecurrentLayer(model.encoder, size, half), RecurrentLayer(model.encoder, size, half))
        for size in _in_sizes(model, embedding_size(model), model.hidden_size)
    ]
    return encoder_of(model, [Stack(layers, model.hidden_dropout_prob)], pooler)


@encoder("birnn", "bilstm", "bigru")
def two_stacks(model, pooler: bool = False, **_) -> Encoder:
    """Two stacks of half the width, their outputs side by side: the first half knows what came before a token only."""
    kind = model.encoder.removeprefix("bi")
    ahead, back = (stack(kind, model, embedding_size(model), _half(model)) for _ in range(2))
    return encoder_of(model, [BothWays(ahead, back)], pooler)


def stack(kind: str, model, in_size: int, width: int) -> Stack:
    """num_hidden_layers layers of a kind, dropout behind each."""
    layers = [RecurrentLayer(kind, size, width) for size in _in_sizes(model, in_size, width)]
    return Stack(layers, model.hidden_dropout_prob)


def _in_sizes(model, in_size: int, width: int) -> list[int]:
    return [in_size] + [width] * (model.num_hidden_layers - 1)


def _half(model) -> int:
    if model.hidden_size % 2:
        raise ConfigError(f"model.hidden_size is {model.hidden_size}; expected an even number, half for each way")
    return model.hidden_size // 2
