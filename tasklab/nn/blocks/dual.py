"""Two texts of a row read apart, neither knowing the other (siamese networks, Bromley et al. 1993; UER-py's dual)."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.activations import activation


class DualEncoder(nn.Cell):
    """Tokens of type 0 go to `first`, those of type 1, which stand behind them, to `second`, each as a row of its own.

    second: None reads both texts with `first`; or a cell that shares weights with it.
    Inputs:  input_ids, attention_mask, token_type_ids, each [B, S] int32.
    Returns: hidden [B, S, H], each token where it stood; rows of padded positions are meaningless.
    """

    def __init__(
        self, first: nn.Cell, second: nn.Cell | None = None, pooler: nn.Cell | None = None, pooler_act: str = "tanh"
    ):
        super().__init__()
        self.first, self.second = first, second
        self.pooler, self.pooler_act = pooler, activation(pooler_act)
        self.update_parameters_name()  # shared parameters were renamed

    def construct(self, input_ids, attention_mask, token_type_ids):
        B, S = input_ids.shape
        behind = attention_mask * token_type_ids.clip(0, 1)  # [B, S], 1 at real tokens of the second text
        before = attention_mask - behind
        start = before.sum(axis=1).astype(ms.int32).reshape((B, 1))  # [B, 1] tokens of the first text
        place = ops.tile(ops.arange(S).astype(ms.int32).reshape((1, S)), (B, 1))  # [B, S] 0, 1, ..., S - 1
        moved = (place + start).clip(0, S - 1)  # the second text to the start of its row
        second_mask = (place < behind.sum(axis=1).reshape((B, 1))).astype(ms.int32)
        types = ops.zeros_like(token_type_ids)  # each text is the only one of its row
        a = self.first(input_ids, before, types)
        b = self.other(ops.gather_elements(input_ids, 1, moved), second_mask, types)  # [B, S, H], from place 0 on
        both = ops.concat((a, b), axis=1)  # [B, 2 S, H]
        # column of `both` that each token comes from; rows are B * 2 S in one, as `gather` takes one axis
        back = ops.select(place < start, place, S + place - start)
        rows = ops.arange(B).astype(ms.int32).reshape((B, 1)) * (2 * S) + back
        return ops.gather(both.reshape((2 * B * S, -1)), rows.reshape((-1,)), 0).reshape((B, S, -1))

    def apart(self, input_ids, attention_mask, token_type_ids):
        """The two texts of a row given as two, each [B, 2, S] -> [B, 2, S, H]."""
        a = self.first(input_ids[:, 0], attention_mask[:, 0], token_type_ids[:, 0])
        b = self.other(input_ids[:, 1], attention_mask[:, 1], token_type_ids[:, 1])
        return ops.stack((a, b), axis=1)

    def other(self, input_ids, mask, types):
        return self.first(input_ids, mask, types) if self.second is None else self.second(input_ids, mask, types)

    def pool(self, hidden):
        """[B, H]: the first token's state, through the pooler where there is one."""
        first = hidden[:, 0]
        return first if self.pooler is None else self.pooler_act(self.pooler(first))
