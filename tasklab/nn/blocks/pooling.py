"""From the hidden states of a row to one vector."""

import mindspore as ms
from mindspore import nn, ops


class Pooling(nn.Cell):
    """Sums a row up in one vector: its `first` or `last` real token, or their `mean` or `max`.

    B batch, S sequence, H hidden_size. Real tokens stand before the padding.
    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: [B, 1, H], a row of one token, so that what reads the first token of a row can follow.
    Raises:  ValueError for another kind.
    """

    def __init__(self, kind: str = "first"):
        super().__init__()
        if kind not in ("first", "last", "mean", "max"):
            raise ValueError(f"pooling {kind!r}; expected first, last, mean or max")
        self.kind = kind

    def construct(self, hidden, mask):
        B, S, H = hidden.shape
        if self.kind == "first":
            return hidden[:, :1]
        if self.kind == "mean":  # as a product: broadcasting the mask over H costs memory on CPU
            weights = mask.astype(hidden.dtype)
            return ops.bmm(weights[:, None, :], hidden) / weights.sum(axis=1).reshape((B, 1, 1))
        start = ops.arange(B).astype(ms.int32).reshape((B, 1)) * S  # [B, 1] where each row begins in [B * S, H]
        if self.kind == "last":
            token = mask.astype(ms.int32).sum(axis=1).reshape((B, 1)) - 1  # [B, 1]
        else:  # padding repeats the first token, which changes no maximum
            token = ops.arange(S).astype(ms.int32).reshape((1, S)) * mask.astype(ms.int32)
        rows = ops.gather(hidden.reshape((B * S, H)), (start + token).reshape((-1,)), 0)  # [B, H] or [B * S, H]
        return rows.reshape((B, -1, H)).max(axis=1).reshape((B, 1, H))
