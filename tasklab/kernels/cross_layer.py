"""The fused decoder layer of an encoder-decoder (T5, BART) as a MindSpore cell: it looks at a source in its middle."""

import functools

from mindspore import ops

from tasklab.kernels.decoder_layer import ADAPTERS, PARAMETERS, POSITIONS, FusedDecoderLayer, saved_shape
from tasklab.kernels.ops import library_path

SOURCE_PARAMETERS = (
    "source_query", "source_query_bias", "source_key", "source_key_bias", "source_value", "source_value_bias",
    "source_output", "source_output_bias", "source_norm", "source_norm_bias",
)  # fmt: skip
"""Of the attention to the source, behind PARAMETERS, POSITIONS and ADAPTERS in the order of `construct`."""


class FusedCrossLayer(FusedDecoderLayer):
    """A FusedDecoderLayer that attends to a source between its attention and its feed-forward.

    R tokens of the source; arguments are those of FusedDecoderLayer, and both attentions have its heads and its scale.
    Inputs:  x [B, S, H] float32; mask [B, S] int32, 0 = padding; cos and sin as there; states [B, R, H] float32 and
        mask [B, R] of the source; then PARAMETERS, POSITIONS, ADAPTERS and SOURCE_PARAMETERS, None for those that
        there are not.
    Returns: [B, S, H]. Padded positions are left out of the work, of the source too: rows and gradients are 0. A row
        whose source has no token gets nothing from it.
    """

    names = (*PARAMETERS, POSITIONS, ADAPTERS, *SOURCE_PARAMETERS)
    denses = (*FusedDecoderLayer.denses, "source_query", "source_key", "source_value", "source_output")

    def rates_of(self, dropout: float, attention_dropout: float, active_dropout: float) -> tuple[float, ...]:
        """The last two are of the attention to the source: its probabilities, its output."""
        return *super().rates_of(dropout, attention_dropout, active_dropout), attention_dropout, dropout

    def operators(self):
        return _primitives(*self.shape, self.grad_bits)

    def construct(
        self, x, mask, cos, sin, states, source_mask, query, query_bias, key, key_bias, value, value_bias, output,
        output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias, down,
        down_bias, norm, norm_bias, positions, adapters, source_query, source_query_bias, source_key,
        source_key_bias, source_value, source_value_bias, source_output, source_output_bias, source_norm,
        source_norm_bias,
    ):  # fmt: skip
        none = self.or_none
        cos, sin, positions, gate, gate_bias = none(cos), none(sin), none(positions), none(gate), none(gate_bias)
        query_bias, key_bias, value_bias, adapters = none(query_bias), none(key_bias), none(value_bias), none(adapters)
        output_bias, attention_norm_bias, norm_bias = none(output_bias), none(attention_norm_bias), none(norm_bias)
        intermediate_bias, down_bias = none(intermediate_bias), none(down_bias)
        source_query_bias, source_key_bias = none(source_query_bias), none(source_key_bias)
        source_value_bias, source_output_bias = none(source_value_bias), none(source_output_bias)
        source_norm_bias = none(source_norm_bias)
        if self.training:
            return self.train_step(
                x, mask, self.seed, self.settings_train, cos, sin, query, query_bias, key, key_bias, value, value_bias,
                output, output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate,
                gate_bias, down, down_bias, norm, norm_bias, positions, adapters, states, source_mask, source_query,
                source_query_bias, source_key, source_key_bias, source_value, source_value_bias, source_output,
                source_output_bias, source_norm, source_norm_bias,
            )[0]  # fmt: skip
        return self.infer(
            x, mask, self.seed, self.settings_infer, cos, sin, query, query_bias, key, key_bias, value, value_bias,
            output, output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias,
            down, down_bias, norm, norm_bias, positions, adapters, states, source_mask, source_query,
            source_query_bias, source_key, source_key_bias, source_value, source_value_bias, source_output,
            source_output_bias, source_norm, source_norm_bias,
        )  # fmt: skip


OWN = len(PARAMETERS) + 2  # parameters before the states, ADAPTERS the last of them


@functools.cache
def _primitives(
    num_heads: int, groups: int, head_size: int, gated: bool, norm_first: bool, recompute: bool, bfloat16: bool,
    grad_bits: int,
):  # fmt: skip
    """The operators for prediction and for training."""
    path = library_path(bfloat16)
    sizes = (num_heads, groups, head_size, gated, norm_first, recompute, bfloat16)

    def train_shapes(x, mask, seed, settings, cos, sin, *rest):
        return x, saved_shape(sizes, x, rest[10], rest[OWN])

    def grad_shapes(dy, x, mask, seed, settings, cos, sin, *rest):
        parameters = (*rest[:OWN], *rest[OWN + 2 : -1])
        return x, *(shape if grad_bits >> i & 1 else [1] for i, shape in enumerate(parameters)), rest[OWN]

    def grad_types(dy, x, mask, seed, settings, cos, sin, *rest):
        return x, *rest[:OWN], *rest[OWN + 2 : -1], rest[OWN]

    backward = ops.Custom(f"{path}:TasklabDecoderLayerGrad", grad_shapes, grad_types, "aot")
    backward.add_prim_attr("wanted", f"{grad_bits} with a source")

    def bprop(
        x, mask, seed, settings, cos, sin, query, query_bias, key, key_bias, value, value_bias, output, output_bias,
        attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias, down, down_bias, norm,
        norm_bias, positions, adapters, states, source_mask, source_query, source_query_bias, source_key,
        source_key_bias, source_value, source_value_bias, source_output, source_output_bias, source_norm,
        source_norm_bias, out, dout,
    ):  # fmt: skip
        grads = backward(
            dout[0], x, mask, seed, settings, cos, sin, query, query_bias, key, key_bias, value, value_bias, output,
            output_bias, attention_norm, attention_norm_bias, intermediate, intermediate_bias, gate, gate_bias, down,
            down_bias, norm, norm_bias, positions, adapters, states, source_mask, source_query, source_query_bias,
            source_key, source_key_bias, source_value, source_value_bias, source_output, source_output_bias,
            source_norm, source_norm_bias, out[1],
        )  # fmt: skip
        nothing = (
            ops.zeros_like(mask), ops.zeros_like(seed), ops.zeros_like(settings), ops.zeros_like(cos),
            ops.zeros_like(sin),
        )  # fmt: skip
        of_source = (grads[-1], ops.zeros_like(source_mask))
        return (grads[0],) + nothing + grads[1 : 1 + OWN] + of_source + grads[1 + OWN : -1]

    infer = ops.Custom(f"{path}:TasklabDecoderLayer", lambda x, *_: x, lambda x, *_: x, "aot")
    train = ops.Custom(f"{path}:TasklabDecoderLayerTrain", train_shapes, lambda x, *_: (x, x), "aot", bprop)
    # MindSpore remembers inferred shapes by attributes and inputs, and would give one kind of `saved` for the other
    train.add_prim_attr("saved", f"{' '.join(map(str, (*sizes, grad_bits)))} with a source")
    return infer, train
