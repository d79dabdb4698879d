"""Attention whose weights do not compare tokens (Synthesizer, Tay et al. 2020, arXiv 2005.00743), with one head."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.compat import dense, parameter


class Synthesizer(nn.Cell):
    """Every token has its own scores for all places of a row of at most L tokens, and looks at the real ones.

    kind: "dense" makes the scores from the token itself, with two Denses; "random" learns one table of them.
    Inputs:  x [B, S, H] float, S <= L; mask [B, S] int, 1 = real token.   Returns: [B, S, H].
    """

    def __init__(self, hidden_size: int, max_tokens: int, kind: str = "dense", dropout: float = 0.1):
        super().__init__()
        self.dense = kind == "dense"
        if self.dense:
            self.hidden, self.scores = dense(hidden_size, max_tokens), dense(max_tokens, max_tokens)
        else:
            self.table = parameter((max_tokens, max_tokens), "table")
        self.value, self.output = dense(hidden_size, hidden_size), dense(hidden_size, hidden_size)
        self.dropout = Dropout(dropout)
        self.product = ops.BatchMatMul()

    def construct(self, x, mask):
        B, S, _ = x.shape
        if self.dense:
            scores = self.scores(ops.relu(self.hidden(x)))[:, :, :S]  # [B, S, S] of [B, S, L]
        else:
            scores = ops.tile(self.table[:S, :S].reshape((1, S, S)), (B, 1, 1))  # [B, S, S]
        hide = ((1 - mask).astype(ms.float32) * MASKED).reshape((B, 1, S))
        scores = scores.astype(ms.float32) + self.product(ops.ones((B, S, 1), ms.float32), hide)  # see norm.py
        weights = self.dropout(ops.softmax(scores, axis=-1)).astype(x.dtype)
        return self.output(self.product(weights, self.value(x)))  # [B, S, H]
