"""The Transformer encoder layer with its normalization after each sum, as in BERT (Vaswani et al. 2017, section 3)."""

from mindspore import nn

from tasklab.nn.activations import activation
from tasklab.nn.attention import SelfAttention
from tasklab.nn.compat import dense
from tasklab.nn.dropout import Dropout
from tasklab.nn.norm import LayerNorm


class TransformerLayer(nn.Cell):
    """Self-attention, then a feed-forward network, each with dropout, a residual sum and a norm.

    Inputs:  x [B, S, H] float; mask [B, S] int, 1 = real token.   Returns: [B, S, H].
    """

    def __init__(
        self, hidden_size: int, num_heads: int, intermediate_size: int, act: str = "gelu", dropout: float = 0.1,
        attention_dropout: float = 0.1, eps: float = 1e-12,
    ):  # fmt: skip
        super().__init__()
        # the order of the dropouts numbers them, see nn/dropout.py
        self.attention = SelfAttention(hidden_size, num_heads, attention_dropout)
        self.attention_dropout = Dropout(dropout)
        self.attention_norm = LayerNorm(hidden_size, eps)
        self.feed_forward = FeedForward(hidden_size, intermediate_size, act)
        self.feed_forward_dropout = Dropout(dropout)
        self.feed_forward_norm = LayerNorm(hidden_size, eps)

    def construct(self, x, mask):
        x = self.attention_norm(x + self.attention_dropout(self.attention(x, mask)))
        return self.feed_forward_norm(x + self.feed_forward_dropout(self.feed_forward(x)))


class FeedForward(nn.Cell):
    """Dense, activation, Dense, on every token alone: [..., H] -> [..., H]."""

    def __init__(self, hidden_size: int, intermediate_size: int, act: str = "gelu"):
        super().__init__()
        self.intermediate = dense(hidden_size, intermediate_size)
        self.act = activation(act)
        self.output = dense(intermediate_size, hidden_size)

    def construct(self, x):
        return self.output(self.act(self.intermediate(x)))
