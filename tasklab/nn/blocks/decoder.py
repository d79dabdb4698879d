"""A Transformer layer of any of our blocks as one kernel (CPU): GPT-2's, a Llama's, those between; and T5's decoder."""

from collections.abc import Callable

from mindspore import nn, ops

from tasklab.kernels.cross_layer import FusedCrossLayer
from tasklab.kernels.decoder_layer import ADAPTERS, POSITIONS, FusedDecoderLayer
from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.cross_attention import CrossAttention, CrossAttentionLayer
from tasklab.nn.blocks.positions import RelativePositions
from tasklab.nn.blocks.transformer import FeedForward, TransformerLayer


class _OnItsParts:
    """A layer whose `fused` kernel runs on the parameters of its parts and drops the same values as these."""

    def dropouts(self) -> tuple:
        return self.attention.dropout, self.attention_dropout, self.feed_forward_dropout, self.feed_forward.dropout

    def matrices(self) -> dict:
        """Cells with a weight and a bias, by the name of the kernel's parameter; None where there is no such cell."""
        attention, inner = self.attention, self.feed_forward
        return {
            "query": attention.query, "key": attention.key, "value": attention.value, "output": attention.output,
            "intermediate": inner.intermediate, "gate": inner.gate, "down": inner.output,
        }  # fmt: skip

    def norms(self) -> dict:
        return {"attention_norm": self.attention_norm, "norm": self.feed_forward_norm}

    def dropout_bound(self):
        """Hands the kernel what `bind_dropout` gave to the cells it stands for."""
        cells = self.dropouts()
        self.fused.bind(cells[0].seed, tuple(0 if cell is None else cell.site for cell in cells))
        self.adapted()

    def adapted(self):
        """Tells the kernel which Denses have adapters, and what is dropped before these."""
        denses = ((name, dense) for name, dense in self.matrices().items() if dense is not None)
        beside = {name: dense.lora for name, dense in denses if dense.lora is not None}
        drops = {name: (lora.dropout.site, lora.dropout.p) for name, lora in beside.items()}
        self.fused.adapt(max((lora.rank for lora in beside.values()), default=0), drops)

    def leave_out_frozen(self):
        """Tells the kernel which gradients nobody wants."""
        denses, norms, positions = self.matrices(), self.norms(), self.attention.positions
        there = {name: dense for name, dense in denses.items() if dense is not None}
        still = {name for name, dense in there.items() if not dense.weight.requires_grad}
        adapters = [dense.lora for dense in there.values() if dense.lora is not None]
        if not any(parameter.requires_grad for each in adapters for parameter in each.get_parameters()):
            still.add(ADAPTERS)
        still |= {name for name, norm in norms.items() if not norm.weight.requires_grad}
        if isinstance(positions, RelativePositions) and not positions.weight.requires_grad:
            still.add(POSITIONS)
        biased = ((name, cell) for name, cell in (denses | norms).items() if cell is not None and cell.bias is not None)
        self.fused.freeze(still | {f"{name}_bias" for name, cell in biased if not cell.bias.requires_grad})

    def turns(self):
        """Cosines and sines of rotary positions, or nothing."""
        rotary = self.attention.rotary
        return (None, None) if rotary is None else (rotary.cosines, rotary.sines)

    def weights(self, S):
        """In the order of kernels/decoder_layer.py."""
        attention, inner, gate, gate_bias = self.attention, self.feed_forward, None, None
        if inner.gate is not None:
            gate, gate_bias = inner.gate.weight, inner.gate.bias
        return (
            attention.query.weight, attention.query.bias, attention.key.weight, attention.key.bias,
            attention.value.weight, attention.value.bias, attention.output.weight, attention.output.bias,
            self.attention_norm.weight, self.attention_norm.bias, inner.intermediate.weight, inner.intermediate.bias,
            gate, gate_bias, inner.output.weight, inner.output.bias, self.feed_forward_norm.weight,
            self.feed_forward_norm.bias, self.distances(S), self.beside(),
        )  # fmt: skip

    def beside(self):
        """The numbers of all adapters, flat; None where there are none."""
        flat = self.adapters()
        return ops.concat(flat) if len(flat) > 0 else None

    def adapters(self):
        """Of each Dense in the kernel's order, A and B."""
        attention, inner = self.attention, self.feed_forward
        gate = () if inner.gate is None else inner.gate.beside()
        return (
            attention.query.beside() + attention.key.beside() + attention.value.beside() + attention.output.beside()
            + inner.intermediate.beside() + gate + inner.output.beside()
        )  # fmt: skip

    def distances(self, S):
        """What attention adds for the distance of a key from its query, [N, 2 S - 1]; None where there is nothing."""
        positions = self.attention.positions
        return positions.by_distance(S) if isinstance(positions, RelativePositions) else None


class FusedBlocksLayer(_OnItsParts, TransformerLayer):
    """The kernel on the parameters of its parts.

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

    def construct(self, x, mask):
        return self.fused(x, mask, *self.turns(), *self.weights(x.shape[1]))


class FusedCrossBlocksLayer(_OnItsParts, CrossAttentionLayer):
    """The same for a layer that reads a source: CrossAttentionLayer's inputs and output, padded rows 0.

    Its tokens see nothing behind them; a row whose source has no token gets nothing from it.
    """

    def __init__(
        self, attention: SelfAttention, cross_attention: CrossAttention, feed_forward: FeedForward,
        norm: Callable[[], nn.Cell], dropout: float, norm_first: bool, recompute: bool, act: str, norm_kind: str,
        eps: float, precision: str,
    ):  # fmt: skip
        super().__init__(attention, cross_attention, feed_forward, norm, dropout, norm_first)
        self.fused = FusedCrossLayer(
            attention.num_heads, attention.key_value_heads, attention.head_size, act, feed_forward.gate is not None,
            norm_kind, norm_first, dropout, attention.dropout.p, eps, recompute, precision == "bf16", True,
            attention.scale, active_dropout=0.0 if feed_forward.dropout is None else feed_forward.dropout.p,
        )  # fmt: skip

    def dropouts(self) -> tuple:
        return *super().dropouts(), self.cross_attention.dropout, self.cross_attention_dropout

    def matrices(self) -> dict:
        across = self.cross_attention
        return super().matrices() | {
            "source_query": across.query, "source_key": across.key, "source_value": across.value,
            "source_output": across.output,
        }  # fmt: skip

    def norms(self) -> dict:
        return super().norms() | {"source_norm": self.cross_attention_norm}

    def adapters(self):
        across = self.cross_attention
        more = across.query.beside() + across.key.beside() + across.value.beside() + across.output.beside()
        return super().adapters() + more

    def construct(self, x, mask, states, source_mask):
        across, norm = self.cross_attention, self.cross_attention_norm
        return self.fused(
            x, mask, *self.turns(), states, source_mask, *self.weights(x.shape[1]), across.query.weight,
            across.query.bias, across.key.weight, across.key.bias, across.value.weight, across.value.bias,
            across.output.weight, across.output.bias, norm.weight, norm.bias,
        )  # fmt: skip
