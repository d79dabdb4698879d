"""The decoder that reads an encoder's states: its blocks are the encoder's, and its tokens look back alone."""

from mindspore import Parameter

from tasklab.encoders.components import attentions, embeddings, feed_forward, final_norm, norm
from tasklab.nn.blocks.cross_attention import CrossAttention, CrossAttentionLayer, DecoderStack
from tasklab.nn.blocks.decoder import FusedCrossBlocksLayer
from tasklab.nn.blocks.transformer import can_fuse


def decoder_of(model, words: Parameter | None, recompute: bool = False, fused: str = "") -> DecoderStack:
    """words: the encoder's table of them; None where the decoder has one of its own. fused: as `transformer_layers`."""
    own = model.copy()
    own.mask, own.num_hidden_layers = "causal", model.num_decoder_layers or model.num_hidden_layers
    own.vocab_size = model.decoder_vocab_size or model.vocab_size
    fused = fused if can_fuse(own.hidden_act) else ""
    layers = [_layer(own, attention, recompute, fused) for attention in attentions(own)]
    return DecoderStack(embeddings(own, words), layers, final_norm(own), own.final_dropout_prob)


def _layer(model, attention, recompute: bool, fused: str) -> CrossAttentionLayer:
    size = model.hidden_size
    across = CrossAttention(
        size, model.num_attention_heads, model.attention_probs_dropout_prob, None, model.scale_attention,
        model.use_bias, model.qkv_bias, model.num_key_value_heads, model.head_size,
    )  # fmt: skip
    blocks = (
        attention, across, feed_forward(model), lambda: norm(model, size), model.hidden_dropout_prob,
        model.norm_position == "pre", recompute,
    )  # fmt: skip
    if fused:
        return FusedCrossBlocksLayer(*blocks, model.hidden_act, model.norm, model.layer_norm_eps, fused)
    return CrossAttentionLayer(*blocks)
