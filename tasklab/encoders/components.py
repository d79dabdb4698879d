"""What the encoders are put together from, as the configuration says."""

from mindspore import Parameter, nn

from tasklab.config.model_section import PREFIX
from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.decoder import FusedBlocksLayer
from tasklab.nn.blocks.embeddings import Embeddings
from tasklab.nn.blocks.encoder import Encoder, share_parameters
from tasklab.nn.blocks.norm import LayerNorm, RMSNorm
from tasklab.nn.blocks.positions import CausalVeil, RelativePositions, Rotary
from tasklab.nn.blocks.transformer import FeedForward, FusedTransformerLayer, TransformerLayer, can_fuse
from tasklab.nn.compat import dense
from tasklab.nn.rotary import RopeScaling, rotary_tables

POSITIONS = (
    "num_attention_heads", "attention_probs_dropout_prob", "mask", "relative_positions",
    "relative_attention_num_buckets", "relative_attention_max_distance", "scale_attention", "use_bias", "qkv_bias",
    "num_key_value_heads", "head_size", "rotary", "rope_theta", "rope_scaling_factor", "rope_low_freq_factor",
    "rope_high_freq_factor", "rope_original_max_position_embeddings",
)  # fmt: skip
"""The settings of `attention`; then those of the layer around it."""
LAYER = (
    "hidden_act", "norm_position", "feed_forward", "recompute", "use_bias", "activation_dropout_prob",
    "final_dropout_prob",
)  # fmt: skip


def encoder_of(
    model, layers: list, pooler: bool = False, project: bool = False, norm: nn.Cell | None = None
) -> Encoder:
    """The configured embeddings under `layers`; project: these expect hidden_size, whatever size word vectors have."""
    size = model.hidden_size
    narrow = project and embedding_size(model) != size
    return Encoder(
        embeddings(model), layers, dense(embedding_size(model), size) if narrow else None, norm,
        dense(size, size) if pooler else None, model.pooler_act, model.final_dropout_prob,
    )  # fmt: skip


def embeddings(model, words: Parameter | None = None) -> Embeddings:
    """words: another network's table of them, in place of an own one."""
    size = embedding_size(model)
    return Embeddings(
        model.vocab_size, size, model.max_position_embeddings, model.type_vocab_size, model.hidden_dropout_prob,
        norm(model, size) if model.embedding_norm else None, model.position_offset, tuple(model.embeddings), words,
        model.scale_embedding, norm(model, size) if model.stream_norm else None,
    )  # fmt: skip


def embedding_size(model) -> int:
    """Values of a word vector."""
    return model.embedding_size or model.hidden_size


def norm(model, size: int) -> nn.Cell:
    return RMSNorm(size, model.layer_norm_eps) if model.norm == "rms" else LayerNorm(size, model.layer_norm_eps)


def final_norm(model) -> nn.Cell | None:
    """Behind the last layer, where each layer's own norms stand before its sums."""
    return norm(model, model.hidden_size) if model.norm_position == "pre" else None


def transformer_layers(model, fused: str, recompute: bool, packed: bool = False, frozen: bool = False) -> list:
    """fused: layers run as one kernel each where there is one, their products in this precision; "" runs none so.

    packed: rows hold several documents, and a token sees its own alone; their numbers stand for the mask. frozen: some
    weights will stand still, so layers are those that leave out gradients.
    """
    count = model.num_hidden_layers
    if fused and can_fuse(model.hidden_act) and _has_berts_blocks(model) and not (packed or frozen):
        return [
            FusedTransformerLayer(
                model.hidden_size, model.num_attention_heads, model.intermediate_size, model.hidden_act,
                model.hidden_dropout_prob, model.attention_probs_dropout_prob, model.layer_norm_eps, fused, recompute,
                model.causal,
            )
            for _ in range(count)
        ]  # fmt: skip
    if fused and can_fuse(model.hidden_act):
        return [fused_layer(model, each, fused, recompute) for each in attentions(model, packed)]
    return [transformer_layer(model, each, recompute) for each in attentions(model, packed)]


def transformer_layer(model, attention: nn.Cell, recompute: bool = False) -> TransformerLayer:
    first, size = model.norm_position == "pre", model.hidden_size
    return TransformerLayer(
        attention, feed_forward(model), lambda: norm(model, size), model.hidden_dropout_prob, first, recompute
    )


def feed_forward(model) -> FeedForward:
    gated = model.feed_forward == "gated"
    return FeedForward(
        model.hidden_size, model.intermediate_size, model.hidden_act, gated, model.use_bias,
        model.activation_dropout_prob,
    )  # fmt: skip


def fused_layer(model, attention: SelfAttention, fused: str, recompute: bool) -> FusedBlocksLayer:
    size = model.hidden_size
    return FusedBlocksLayer(
        attention, feed_forward(model), lambda: norm(model, size), model.hidden_dropout_prob,
        model.norm_position == "pre", recompute, model.hidden_act, model.norm, model.layer_norm_eps, fused,
        model.causal or model.mask == PREFIX,
    )  # fmt: skip


def attentions(model, packed: bool = False) -> list:
    """One per layer; what they know of distances they learn together."""
    rotary = Rotary(*rotary_of(model)) if model.rotary else None
    cells = [
        SelfAttention(
            model.hidden_size, model.num_attention_heads, model.attention_probs_dropout_prob, _positions(model),
            model.scale_attention, model.use_bias, model.qkv_bias, model.num_key_value_heads, model.head_size, rotary,
            packed, model.mask == PREFIX,
        )
        for _ in range(model.num_hidden_layers)
    ]  # fmt: skip
    if model.relative_positions:
        for cell in cells[1:]:
            share_parameters(cells[0].positions, cell.positions)
    return cells


def rotary_of(model) -> tuple:
    """Cosines and sines of the turns, each [max_tokens, head_size / 2]."""
    size, scaling = model.head_size or model.hidden_size // model.num_attention_heads, None
    if model.rope_scaling_factor:
        scaling = RopeScaling(
            model.rope_scaling_factor, model.rope_low_freq_factor, model.rope_high_freq_factor,
            model.rope_original_max_position_embeddings,
        )  # fmt: skip
    return rotary_tables(model.max_tokens, size, model.rope_theta, scaling)


def _positions(model) -> nn.Cell | None:
    heads, longest = model.num_attention_heads, model.max_tokens
    if model.relative_positions:
        count, distance = model.relative_attention_num_buckets, model.relative_attention_max_distance
        return RelativePositions(heads, longest, model.causal, count, distance)
    return CausalVeil(heads) if model.causal else None


def _has_berts_blocks(model) -> bool:
    plain = model.norm == "layer" and model.norm_position == "post" and model.feed_forward == "dense"
    heads = model.num_attention_heads
    alike = model.num_key_value_heads in (None, heads) and model.head_size in (None, model.hidden_size // heads)
    biased = model.use_bias and model.qkv_bias is not False
    turns = model.rotary or model.relative_positions
    return plain and alike and biased and model.scale_attention and not (turns or model.activation_dropout_prob)
