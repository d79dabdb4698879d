"""Encoders of attention that are no BERT, as in UER-py: attn is attention alone, with no sums, no norms and no
feed-forward; synt is BERT's stack with attention that compares no tokens."""

from tasklab.encoders import encoder
from tasklab.encoders.components import LAYER, POSITIONS, attentions, encoder_of, final_norm, transformer_layer
from tasklab.nn.blocks.encoder import Encoder
from tasklab.nn.blocks.synthesizer import Synthesizer


@encoder("attn", settings=POSITIONS, needs=("num_attention_heads",))
def attn(model, pooler: bool = False, packed: bool = False, **_) -> Encoder:
    return encoder_of(model, attentions(model, packed), pooler, project=True)


@encoder(
    "synt", settings=(*LAYER, "attention_probs_dropout_prob", "synthesizer"), needs=("intermediate_size",)
)
def synt(model, recompute: bool = False, pooler: bool = False, **_) -> Encoder:
    """Rows of at most max_position_embeddings tokens: each of these has its own weights in every layer."""
    layers = [
        transformer_layer(
            model,
            Synthesizer(model.hidden_size, model.max_tokens, model.synthesizer, model.attention_probs_dropout_prob),
            recompute,
        )
        for _ in range(model.num_hidden_layers)
    ]
    return encoder_of(model, layers, pooler, project=True, norm=final_norm(model))
