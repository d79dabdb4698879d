"""From the hidden states of a row to one vector."""

import mindspore as ms
from mindspore import nn, ops

KINDS = ("first", "last", "mean", "max", "mean_sqrt_len", "weightedmean")


class Pooling(nn.Cell):
    """Sums a row up in one vector: its `first` or `last` real token, or their `mean` or `max`.

    `mean_sqrt_len` is the sum over the root of their number; `weightedmean` counts the n-th token n times (both:
    sentence-transformers).
    B batch, S sequence, H hidden_size. Real tokens stand before the padding.
    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: [B, 1, H], a row of one token, so that what reads the first token of a row can follow.
    Raises:  ValueError for another kind.
    """

    def __init__(self, kind: str = "first"):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"pooling {kind!r}; expected one of {', '.join(KINDS)}")
        self.kind = kind

    def construct(self, hidden, mask):
        B, S, H = hidden.shape
        if self.kind == "first":
            return hidden[:, :1]
        if "mean" in self.kind:  # as a product: broadcasting the mask over H costs memory on CPU
            weights = mask.astype(hidden.dtype)  # [B, S]
            if self.kind == "weightedmean":
                weights = weights * ops.arange(1, S + 1).astype(hidden.dtype)
            total = weights.sum(axis=1).reshape((B, 1, 1))
            return ops.bmm(weights[:, None, :], hidden) / (ops.sqrt(total) if self.kind == "mean_sqrt_len" else total)
        start = ops.arange(B).astype(ms.int32).reshape((B, 1)) * S  # [B, 1] where each row begins in [B * S, H]
        if self.kind == "last":
            token = mask.astype(ms.int32).sum(axis=1).reshape((B, 1)) - 1  # [B, 1]
        else:  # padding repeats the first token, which changes no maximum
            token = ops.arange(S).astype(ms.int32).reshape((1, S)) * mask.astype(ms.int32)
        rows = ops.gather(hidden.reshape((B * S, H)), (start + token).reshape((-1,)), 0)  # [B, H] or [B * S, H]
        return rows.reshape((B, -1, H)).max(axis=1).reshape((B, 1, H))
