"""Texts through one encoder, each on its own, as vectors to be compared (Huang et al. 2013, DSSM; Gao et al. 2021)."""

from mindspore import nn, ops

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.compat import dense
from tasklab.nn.heads.network import INPUTS


class Projection(nn.Cell):
    """A Dense and dropout that stand above the vectors while they are learned; what serves are the vectors below.

    Inputs:  pooled [R, H].
    Returns: [R, D] in training, [R, H] else.
    """

    def __init__(self, hidden_size: int, size: int, dropout: float):
        super().__init__()
        self.projection, self.dropout = dense(hidden_size, size), Dropout(dropout)

    def construct(self, pooled):
        return self.dropout(self.projection(pooled)) if self.training else pooled


class TowersNetwork(nn.Cell):
    """The pooled hidden states of every text; no text sees another.

    B batch, T texts of a row (one and its match, then texts that do not match), S sequence, H hidden_size.
    Args:
        head: [B T, H] -> [B T, D]; such as a `Projection`, or nn.Identity.
    Inputs:  input_ids, attention_mask, token_type_ids, each [B, T, S] or [B, S] int32; the mask of a text that a row
             does not have is 0 everywhere.
    Returns: a tuple with [B, T, D] or [B, D]; what stands for an absent text means nothing.
    """

    inputs, axes = INPUTS, ("rows", "texts", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell, pooling: str):
        super().__init__()
        self.encoder, self.pooling, self.head = encoder, Pooling(pooling), head

    def construct(self, input_ids, attention_mask, token_type_ids):
        texts, S = input_ids.shape[:-1], input_ids.shape[-1]
        mask = attention_mask.reshape((-1, S))  # [B T, S]
        # an absent text still has a first position: a mean over no token would be no number
        mask = ops.concat((ops.ones_like(mask[:, :1]), mask[:, 1:]), axis=1)
        hidden = self.encoder(input_ids.reshape((-1, S)), mask, token_type_ids.reshape((-1, S)))  # [B T, S, H]
        vectors = self.head(self.pooling(hidden, mask)[:, 0])  # [B T, D]
        return (vectors.reshape((*texts, -1)),)
