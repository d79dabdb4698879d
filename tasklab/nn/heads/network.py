"""An encoder and a head as one network; its parameters are named encoder.* and head.*."""

from mindspore import nn

from tasklab.nn.blocks.pooling import Pooling

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""The columns of a batch that an encoder reads."""


class TaskNetwork(nn.Cell):
    """head(encoder(input_ids, attention_mask, token_type_ids), attention_mask), each input [B, S] int32."""

    inputs, axes = INPUTS, ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, attention_mask, token_type_ids):
        return self.head(self.encoder(input_ids, attention_mask, token_type_ids), attention_mask)


class PooledNetwork(nn.Cell):
    """head(pooled) of one vector per row: pooling over the real tokens, then the encoder's pooler where it has one.

    Inputs:  input_ids, attention_mask, token_type_ids, each [B, S] int32.
    Returns: a tuple with the head's output.
    """

    inputs, axes = INPUTS, ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell, pooling: str = "first"):
        super().__init__()
        self.encoder, self.pooling, self.head = encoder, Pooling(pooling), head

    def construct(self, input_ids, attention_mask, token_type_ids):
        hidden = self.encoder(input_ids, attention_mask, token_type_ids)
        return (self.head(self.encoder.pool(self.pooling(hidden, attention_mask))),)
