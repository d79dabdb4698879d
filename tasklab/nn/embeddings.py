"""BERT's input: word, position and token type embeddings, summed and normalized (Devlin et al. 2019, figure 2)."""

from mindspore import nn, ops

from tasklab.nn.compat import parameter
from tasklab.nn.dropout import Dropout
from tasklab.nn.norm import LayerNorm


class Embedding(nn.Cell):
    """ids of any shape -> rows of `weight` [size, H], [..., H]. Ids outside 0 .. size-1 give undefined rows."""

    def __init__(self, size: int, hidden_size: int):
        super().__init__()
        self.weight = parameter((size, hidden_size), "weight")

    def construct(self, ids):
        return ops.gather(self.weight, ids, 0)


class BertEmbeddings(nn.Cell):
    """Inputs: input_ids, token_type_ids [B, S] int32, S <= max_positions - position_offset.   Returns: [B, S, H].

    position_offset: the row of the first token's position; RoBERTa counts from 2.
    """

    def __init__(
        self, vocab_size: int, hidden_size: int, max_positions: int, token_types: int = 2, dropout: float = 0.1,
        eps: float = 1e-12, position_offset: int = 0,
    ):  # fmt: skip
        super().__init__()
        self.word = Embedding(vocab_size, hidden_size)
        self.position = Embedding(max_positions, hidden_size)
        self.token_type = Embedding(token_types, hidden_size)
        self.norm = LayerNorm(hidden_size, eps)
        self.dropout = Dropout(dropout)
        self.add_bias = ops.BiasAdd()
        self.offset = position_offset

    def construct(self, input_ids, token_type_ids):
        B, S = input_ids.shape
        x = self.word(input_ids) + self.token_type(token_type_ids)
        # token s of every row has position s; as a bias, because a sum of two shapes is costly, see nn/norm.py
        positions = self.position.weight[self.offset : self.offset + S].reshape((-1,))
        x = self.add_bias(x.reshape((B, -1)), positions).reshape(x.shape)
        return self.dropout(self.norm(x))
