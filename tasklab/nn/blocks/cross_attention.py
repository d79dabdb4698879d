"""A decoder that looks at a source between its attention and its feed-forward (Vaswani et al. 2017, section 3)."""

from collections.abc import Callable

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.positions import MASKED
from tasklab.nn.blocks.transformer import TransformerLayer


class CrossAttention(SelfAttention):
    """Every token of the target looks at all real tokens of the source.

    Inputs:  x [B, T, H]; states of the source [B, S, H] and its mask [B, S].   Returns: [B, T, H].
    """

    def construct(self, x, states, mask):
        B, T, _ = x.shape
        q = self.split(self.query(x), self.num_heads) * self.scale              # [B, N, T, D]
        k = self.split(self.key(states), self.key_value_heads)                  # [B, G, S, D]
        v = self.split(self.value(states), self.key_value_heads)                # [B, G, S, D]
        scores = self.matmul_transposed(self.group(q), k).astype(ms.float32)    # [B, G, N / G * T, S]
        scores = scores.reshape((B, self.num_heads, T, -1))
        return self.seen(scores + self.hide_padding(mask, T), v)

    def hide_padding(self, mask, T):
        """[B, N, T, S]: MASKED in the columns of padding, else 0."""
        B, S = mask.shape
        hide = ops.tile((1 - mask).astype(ms.float32).reshape((B, 1, 1, S)) * MASKED, (1, self.num_heads, 1, 1))
        # copies along an axis by products with ones, see nn/blocks/norm.py
        return self.matmul(ops.ones((B, self.num_heads, T, 1), ms.float32), hide)


class CrossAttentionLayer(TransformerLayer):
    """A TransformerLayer with cross attention, its dropout, sum and norm in the middle.

    Inputs:  x [B, T, H]; mask [B, T]; states [B, S, H] and mask [B, S] of the source.   Returns: [B, T, H].
    """

    def __init__(
        self, attention: SelfAttention, cross_attention: CrossAttention, feed_forward: nn.Cell,
        norm: Callable[[], nn.Cell], dropout: float = 0.1, norm_first: bool = False, recompute: bool = False,
    ):  # fmt: skip
        super().__init__(attention, feed_forward, norm, dropout, norm_first)
        self.cross_attention = cross_attention
        self.cross_attention_dropout = Dropout(dropout)
        self.cross_attention_norm = norm()
        if recompute:
            self.recompute()

    def construct(self, x, mask, states, source_mask):
        if self.norm_first:
            x = x + self.attention_dropout(self.attention(self.attention_norm(x), mask))  # [B, T, H]
            read = self.cross_attention(self.cross_attention_norm(x), states, source_mask)
            x = x + self.cross_attention_dropout(read)
            return x + self.feed_forward_dropout(self.feed_forward(self.feed_forward_norm(x)))
        x = self.attention_norm(x + self.attention_dropout(self.attention(x, mask)))
        x = self.cross_attention_norm(x + self.cross_attention_dropout(self.cross_attention(x, states, source_mask)))
        return self.feed_forward_norm(x + self.feed_forward_dropout(self.feed_forward(x)))


class DecoderStack(nn.Cell):
    """Embeddings of the target under layers that read the source, and a norm where these end without one.

    dropout: of the states that come out.
    Inputs:  input_ids, attention_mask [B, T] int32; states [B, S, H] and mask [B, S] of the source.
    Returns: [B, T, H]; rows of padded positions are meaningless.
    """

    def __init__(self, embeddings: nn.Cell, layers: list, norm: nn.Cell | None = None, dropout: float = 0.0):
        super().__init__()
        self.embeddings, self.layers, self.norm = embeddings, nn.CellList(layers), norm
        self.dropout = Dropout(dropout) if dropout else None
        self.update_parameters_name()  # cells that share parameters have renamed them

    def construct(self, input_ids, attention_mask, states, source_mask):
        x = self.embeddings(input_ids, ops.zeros_like(input_ids))  # [B, T, H]
        for layer in self.layers:
            x = layer(x, attention_mask, states, source_mask)
        x = x if self.norm is None else self.norm(x)
        return x if self.dropout is None else self.dropout(x)
