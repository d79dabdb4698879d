"""What the encoders are put together from, as the configuration says."""

from mindspore import nn

from tasklab.nn.compat import dense
from tasklab.nn.embeddings import Embeddings
from tasklab.nn.encoder import Encoder
from tasklab.nn.norm import LayerNorm
from tasklab.nn.transformer import TransformerLayer

SIZES = ("num_attention_heads", "intermediate_size")
"""Settings that a Transformer cannot do without."""
ATTENTION = ("hidden_act", "attention_probs_dropout_prob", "recompute")
"""Settings that it knows besides."""


def encoder_of(
    model, layers: list, pooler: bool = False, project: bool = False, norm: nn.Cell | None = None
) -> Encoder:
    """The configured embeddings under `layers`; project: these expect hidden_size, whatever size word vectors have."""
    size = model.hidden_size
    narrow = project and embedding_size(model) != size
    return Encoder(
        embeddings(model), layers, dense(embedding_size(model), size) if narrow else None, norm,
        dense(size, size) if pooler else None,
    )  # fmt: skip


def embeddings(model) -> Embeddings:
    size = embedding_size(model)
    return Embeddings(
        model.vocab_size, size, model.max_position_embeddings, model.type_vocab_size, model.hidden_dropout_prob,
        LayerNorm(size, model.layer_norm_eps) if model.embedding_norm else None, model.position_offset,
        tuple(model.embeddings),
    )  # fmt: skip


def embedding_size(model) -> int:
    """Values of a word vector."""
    return model.embedding_size or model.hidden_size


def transformer_layers(model, fused: str, recompute: bool) -> list:
    return [
        TransformerLayer(
            model.hidden_size, model.num_attention_heads, model.intermediate_size, model.hidden_act,
            model.hidden_dropout_prob, model.attention_probs_dropout_prob, model.layer_norm_eps,
            fused, recompute,
        )
        for _ in range(model.num_hidden_layers)
    ]  # fmt: skip
