"""The Transformer encoder layer with its normalization after each sum, as in BERT (Vaswani et al. 2017, section 3)."""

from mindspore import nn

from tasklab.kernels.ops import ACTIVATIONS, FusedEncoderLayer
from tasklab.nn.activations import activation
from tasklab.nn.attention import SelfAttention
from tasklab.nn.compat import dense
from tasklab.nn.dropout import Dropout
from tasklab.nn.norm import LayerNorm


class TransformerLayer(nn.Cell):
    """Self-attention, then a feed-forward network, each with dropout, a residual sum and a norm.

    Inputs:  x [B, S, H] float; mask [B, S] int, 1 = real token.   Returns: [B, S, H]; padded rows are meaningless.

    With `fused`, the precision of its products "fp32" or "bf16", the whole layer is one kernel on the same parameters
    (CPU); with "", or with an activation that the kernel lacks, stock operators. Both drop the same values.
    `recompute` keeps only x for the backward pass; with stock operators on CPU it costs time and saves nothing
    (6.6 M parameters, 8 rows of 384 tokens: 2.8 GB with, 2.5 GB without), as the memory is in the operators' own
    tables, see nn/norm.py.
    """

    def __init__(
        self, hidden_size: int, num_heads: int, intermediate_size: int, act: str = "gelu", dropout: float = 0.1,
        attention_dropout: float = 0.1, eps: float = 1e-12, fused: str = "", recompute: bool = False,
    ):  # fmt: skip
        super().__init__()
        # the order of the dropouts numbers them, see nn/dropout.py
        self.attention = SelfAttention(hidden_size, num_heads, attention_dropout)
        self.attention_dropout = Dropout(dropout)
        self.attention_norm = LayerNorm(hidden_size, eps)
        self.feed_forward = FeedForward(hidden_size, intermediate_size, act)
        self.feed_forward_dropout = Dropout(dropout)
        self.feed_forward_norm = LayerNorm(hidden_size, eps)
        self.fused = None
        if fused and act in ACTIVATIONS:
            bfloat16 = fused == "bf16"
            self.fused = FusedEncoderLayer(num_heads, act, dropout, attention_dropout, eps, recompute, bfloat16)
        elif recompute:
            self.recompute()

    def dropout_bound(self):
        """Hands the kernel what `bind_dropout` gave to the cells it stands for."""
        if self.fused is not None:
            cells = (self.attention.dropout, self.attention_dropout, self.feed_forward_dropout)
            self.fused.bind(cells[0].seed, tuple(cell.site for cell in cells))

    def construct(self, x, mask):
        if self.fused is not None:
            attention, inner = self.attention, self.feed_forward
            return self.fused(
                x, mask, attention.query.weight, attention.query.bias, attention.key.weight, attention.key.bias,
                attention.value.weight, attention.value.bias, attention.output.weight, attention.output.bias,
                self.attention_norm.weight, self.attention_norm.bias, inner.intermediate.weight,
                inner.intermediate.bias, inner.output.weight, inner.output.bias, self.feed_forward_norm.weight,
                self.feed_forward_norm.bias,
            )  # fmt: skip
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
