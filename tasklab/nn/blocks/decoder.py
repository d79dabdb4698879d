"""A Transformer layer of any of our blocks as one kernel (CPU): GPT-2's, a Llama's, and those between."""

from collections.abc import Callable

from mindspore import nn

from tasklab.kernels.decoder_layer import POSITIONS, FusedDecoderLayer
from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.positions import RelativePositions
from tasklab.nn.blocks.transformer import FeedForward, TransformerLayer


class FusedBlocksLayer(TransformerLayer):
    """The kernel on the parameters of its parts; it drops the same values as these.

    Inputs, output and the first arguments are those of TransformerLayer; the mask may number documents, and padded rows
    are 0. precision: of the products, "fp32" or "bf16". norm_kind: "layer" or "rms". causal: a token sees nothing
    behind it; of the attention's own positions only the rotary ones count.
    """

    def __init__(
        self, attention: SelfAttention, feed_forward: FeedForward, norm: Callable[[], nn.Cell], dropout: float,
        norm_first: bool, recompute: bool, act: str, norm_kind: str, eps: float, precision: str, causal: bool,
    ):  # fmt: skip
        super().__init__(attention, feed_forward, norm, dropout, norm_first)
        self.fused = FusedDecoderLayer(
            attention.num_heads, attention.key_value_heads, attention.head_size, act, feed_forward.gate is not None,
            norm_kind, norm_first, dropout, attention.dropout.p, eps, recompute, precision == "bf16", causal,
            attention.scale, active_dropout=0.0 if feed_forward.dropout is None else feed_forward.dropout.p,
        )  # fmt: skip

    def dropout_bound(self):
        """Hands the kernel what `bind_dropout` gave to the cells it stands for."""
        cells = (self.attention.dropout, self.attention_dropout, self.feed_forward_dropout, self.feed_forward.dropout)
        self.fused.bind(cells[0].seed, tuple(0 if cell is None else cell.site for cell in cells))

    def leave_out_frozen(self):
        """Tells the kernel which gradients nobody wants."""
        attention, inner = self.attention, self.feed_forward
        denses = {
            "query": attention.query, "key": attention.key, "value": attention.value, "output": attention.output,
            "intermediate": inner.intermediate, "gate": inner.gate, "down": inner.output,
        }  # fmt: skip
        norms = {"attention_norm": self.attention_norm, "norm": self.feed_forward_norm}
        still = {name for name, dense in denses.items() if dense is not None and not dense.matrix_learns()}
        still |= {name for name, norm in norms.items() if not norm.weight.requires_grad}
        if isinstance(attention.positions, RelativePositions) and not attention.positions.weight.requires_grad:
            still.add(POSITIONS)
        biased = ((name, cell) for name, cell in (denses | norms).items() if cell is not None and cell.bias is not None)
        self.fused.freeze(still | {f"{name}_bias" for name, cell in biased if not cell.bias.requires_grad})

    def construct(self, x, mask):
        attention, inner, cosines, sines = self.attention, self.feed_forward, None, None
        if attention.rotary is not None:
            cosines, sines = attention.rotary.cosines, attention.rotary.sines
        gate, gate_bias = None, None
        if inner.gate is not None:
            gate, gate_bias = inner.gate.matrix(), inner.gate.bias
        # in the order of kernels/decoder_layer.py
        return self.fused(
            x, mask, cosines, sines, attention.query.matrix(), attention.query.bias, attention.key.matrix(),
            attention.key.bias, attention.value.matrix(), attention.value.bias, attention.output.matrix(),
            attention.output.bias, self.attention_norm.weight, self.attention_norm.bias, inner.intermediate.matrix(),
            inner.intermediate.bias, gate, gate_bias, inner.output.matrix(), inner.output.bias,
            self.feed_forward_norm.weight, self.feed_forward_norm.bias, self.distances(x.shape[1]),
        )  # fmt: skip

    def distances(self, S):
        """What attention adds for the distance of a key from its query, [N, 2 S - 1]; None where there is nothing."""
        positions = self.attention.positions
        return positions.by_distance(S) if isinstance(positions, RelativePositions) else None
