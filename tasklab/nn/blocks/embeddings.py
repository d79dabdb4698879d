"""What a network reads of a token: its word, its position and its text, as vectors (Devlin et al. 2019, figure 2)."""

from mindspore import Parameter, Tensor, nn, ops

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.compat import parameter
from tasklab.nn.places import sinusoids

KINDS = ("word", "pos", "seg")
"""BERT's; "sinusoidal" stands for positions that are computed, not learned (names: UER-py)."""


class Embedding(nn.Cell):
    """ids of any shape -> rows of `weight` [size, H], [..., H]. Ids outside 0 .. size-1 give undefined rows."""

    def __init__(self, size: int, hidden_size: int):
        super().__init__()
        self.weight = parameter((size, hidden_size), "weight")

    def construct(self, ids):
        return ops.gather(self.weight, ids, 0)


class Borrowed(nn.Cell):
    """The same from a weight [size, H] that another cell owns."""

    def __init__(self, weight: Parameter):
        super().__init__()
        object.__setattr__(self, "weight", weight)  # past Cell.__setattr__, which would rename it

    def construct(self, ids):
        return ops.gather(self.weight, ids, 0)


class Embeddings(nn.Cell):
    """The sum of its parts, normalized.

    Inputs: input_ids, token_type_ids [B, S] int32, S <= max_positions - position_offset; position_ids [B, S] int32 from
        0 where they are not the places in the row.
    Returns: [B, S, H].

    position_offset: the row of the first token's position; RoBERTa counts from 2.
    kinds: word, and any of pos (a learned vector per position), seg (one per text of the row), sinusoidal.
    norm: a cell for the sum, None leaves it as it is.
    words: the table of words of another network, in place of one of its own. scaled: word vectors times the root of H.
    stream_norm: a second norm, of one of two texts alone.
    """

    def __init__(
        self, vocab_size: int, hidden_size: int, max_positions: int, token_types: int = 2, dropout: float = 0.1,
        norm: nn.Cell | None = None, position_offset: int = 0, kinds: tuple = KINDS, words: Parameter | None = None,
        scaled: bool = False, stream_norm: nn.Cell | None = None,
    ):  # fmt: skip
        super().__init__()
        self.word = Embedding(vocab_size, hidden_size) if words is None else Borrowed(words)
        self.position = Embedding(max_positions, hidden_size) if "pos" in kinds else None
        self.token_type = Embedding(token_types, hidden_size) if "seg" in kinds else None
        self.norm, self.stream_norm = norm, stream_norm
        self.waves = Tensor(sinusoids(max_positions, hidden_size)) if "sinusoidal" in kinds else None
        # words start near 0 and waves reach 1: times the root of H, as in section 3.4 of the paper
        self.scale = hidden_size**0.5 if scaled or "sinusoidal" in kinds else 1.0
        self.dropout = Dropout(dropout)
        self.add_bias = ops.BiasAdd()
        self.offset = position_offset

    def construct(self, input_ids, token_type_ids, position_ids=None):
        x = self.word(input_ids)  # [B, S, H]
        if self.scale != 1:
            x = x * self.scale
        if self.waves is not None:
            x = self.add_places(x, self.waves, position_ids, 0)
        if self.token_type is not None:
            x = x + self.token_type(token_type_ids)  # two equal shapes: no table, see add_places
        if self.position is not None:
            x = self.add_places(x, self.position.weight, position_ids, self.offset)
        if self.norm is not None:
            x = self.norm(x)
        if self.stream_norm is not None:
            x = self.stream_norm(x)
        return self.dropout(x)

    def add_places(self, x, table, position_ids, offset):
        if position_ids is not None:
            return x + ops.gather(table, position_ids + offset, 0)
        rows = table[offset : offset + x.shape[1]]  # [S, H], the same for every row
        # as a bias, because a sum of two shapes is costly, see nn/blocks/norm.py
        return self.add_bias(x.reshape((x.shape[0], -1)), rows.reshape((-1,))).reshape(x.shape)
