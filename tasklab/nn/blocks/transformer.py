"""The Transformer encoder layer from its parts (Vaswani et al. 2017, section 3): attention, feed-forward, two norms."""

from collections.abc import Callable

from mindspore import nn

from tasklab.kernels.activations import ACTIVATIONS
from tasklab.kernels.ops import FusedEncoderLayer
from tasklab.nn.blocks.activations import activation
from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.norm import LayerNorm
from tasklab.nn.compat import dense


class TransformerLayer(nn.Cell):
    """Attention, then a feed-forward network, each with dropout, a residual sum and a norm.

    Inputs:  x [B, S, H] float; mask [B, S] int, 1 = real token.   Returns: [B, S, H]; padded rows are meaningless.

    attention: a cell (x, mask) -> x; feed_forward: a cell x -> x; norm: makes one.
    norm_first: the norms stand before attention and feed-forward, not behind the sums.
    `recompute` keeps only x for the backward pass; with stock operators on CPU it costs time and saves nothing
    (6.6 M parameters, 8 rows of 384 tokens: 2.8 GB with, 2.5 GB without), as the memory is in the operators' own
    tables, see nn/blocks/norm.py.
    """

    def __init__(
        self, attention: nn.Cell, feed_forward: nn.Cell, norm: Callable[[], nn.Cell], dropout: float = 0.1,
        norm_first: bool = False, recompute: bool = False,
    ):  # fmt: skip
        super().__init__()
        # the order of the dropouts numbers them, see nn/blocks/dropout.py
        self.attention = attention
        self.attention_dropout = Dropout(dropout)
        self.attention_norm = norm()
        self.feed_forward = feed_forward
        self.feed_forward_dropout = Dropout(dropout)
        self.feed_forward_norm = norm()
        self.norm_first = norm_first
        if recompute:
            self.recompute()

    def construct(self, x, mask):
        if self.norm_first:
            # the sums stay un-normalized from layer to layer: a stack of these wants a norm behind the last
            x = x + self.attention_dropout(self.attention(self.attention_norm(x), mask))  # [B, S, H]
            return x + self.feed_forward_dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + self.attention_dropout(self.attention(x, mask)))
        return self.feed_forward_norm(x + self.feed_forward_dropout(self.feed_forward(x)))


class FusedTransformerLayer(TransformerLayer):
    """BERT's layer as one kernel on the parameters of its parts (CPU); it drops the same values as these.

    precision: of the products, "fp32" or "bf16". causal: a token sees nothing behind it, as in GPT.
    Inputs, output and recompute are those of TransformerLayer.
    """

    def __init__(
        self, hidden_size: int, num_heads: int, intermediate_size: int, act: str, dropout: float,
        attention_dropout: float, eps: float, precision: str, recompute: bool = False, causal: bool = False,
    ):  # fmt: skip
        attention = SelfAttention(hidden_size, num_heads, attention_dropout)
        feed_forward = FeedForward(hidden_size, intermediate_size, act)
        super().__init__(attention, feed_forward, lambda: LayerNorm(hidden_size, eps), dropout)
        bfloat16 = precision == "bf16"
        self.fused = FusedEncoderLayer(num_heads, act, dropout, attention_dropout, eps, recompute, bfloat16, causal)

    def dropout_bound(self):
        """Hands the kernel what `bind_dropout` gave to the cells it stands for."""
        cells = (self.attention.dropout, self.attention_dropout, self.feed_forward_dropout)
        # all cells share one seed; their numbers keep the masks those of the unfused layer
        self.fused.bind(cells[0].seed, tuple(cell.site for cell in cells))

    def construct(self, x, mask):
        attention, inner = self.attention, self.feed_forward
        # parameters in the order that kernels/ops.py lists; names of cells are the checkpoint's, so both layers load it
        return self.fused(
            x, mask, attention.query.matrix(), attention.query.bias, attention.key.matrix(), attention.key.bias,
            attention.value.matrix(), attention.value.bias, attention.output.matrix(), attention.output.bias,
            self.attention_norm.weight, self.attention_norm.bias, inner.intermediate.matrix(),
            inner.intermediate.bias, inner.output.matrix(), inner.output.bias, self.feed_forward_norm.weight,
            self.feed_forward_norm.bias,
        )  # fmt: skip


class FeedForward(nn.Cell):
    """Dense, activation, Dense, on every token alone: [..., H] -> [..., H].

    gated: the activated values are multiplied with those of another Dense (Shazeer 2020). dropout: of what the last
    Dense reads.
    """

    def __init__(
        self, hidden_size: int, intermediate_size: int, act: str = "gelu", gated: bool = False, bias: bool = True,
        dropout: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        self.intermediate = dense(hidden_size, intermediate_size, bias)  # [..., H] -> [..., I]
        self.act = activation(act)
        self.gate = dense(hidden_size, intermediate_size, bias) if gated else None
        self.dropout = Dropout(dropout) if dropout else None  # none at all: one more would number the others anew
        self.output = dense(intermediate_size, hidden_size, bias)

    def construct(self, x):
        if self.gate is None:
            active = self.act(self.intermediate(x))
        else:
            active = self.act(self.gate(x)) * self.intermediate(x)
        return self.output(active if self.dropout is None else self.dropout(active))


def can_fuse(act: str) -> bool:
    """Whether the kernel knows an activation."""
    return act in ACTIVATIONS
