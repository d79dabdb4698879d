"""DistilBERT and Electra as transformers names them."""

from tasklab.weights.tables import Head, pair
from tasklab.weights.tables.huggingface import ENCODER, register

_BLOCK = "transformer.layer.{}"
DISTILBERT = register(
    "distilbert",
    (
        ("encoder.embeddings.word.weight", "embeddings.word_embeddings.weight"),
        ("encoder.embeddings.position.weight", "embeddings.position_embeddings.weight"),
        *pair("encoder.embeddings.norm", "embeddings.LayerNorm"),
        (None, "embeddings.position_ids"),
        *pair("encoder.layers.{}.attention.query", f"{_BLOCK}.attention.q_lin"),
        *pair("encoder.layers.{}.attention.key", f"{_BLOCK}.attention.k_lin"),
        *pair("encoder.layers.{}.attention.value", f"{_BLOCK}.attention.v_lin"),
        *pair("encoder.layers.{}.attention.output", f"{_BLOCK}.attention.out_lin"),
        *pair("encoder.layers.{}.attention_norm", f"{_BLOCK}.sa_layer_norm"),
        *pair("encoder.layers.{}.feed_forward.intermediate", f"{_BLOCK}.ffn.lin1"),
        *pair("encoder.layers.{}.feed_forward.output", f"{_BLOCK}.ffn.lin2"),
        *pair("encoder.layers.{}.feed_forward_norm", f"{_BLOCK}.output_layer_norm"),
    ),
    *pair("encoder.pooler", "pre_classifier"),
    *pair("head.mlm.transform", "vocab_transform"),
    *pair("head.mlm.norm", "vocab_layer_norm"),
    ("head.mlm.bias", "vocab_projector.bias"),
    ("head.mlm.decoder.weight", "vocab_projector.weight"),
)
ELECTRA = register(
    "electra",
    (*ENCODER, *pair("encoder.projection", "embeddings_project")),
    *pair("head.mlm.transform", "generator_predictions.dense"),
    *pair("head.mlm.norm", "generator_predictions.LayerNorm"),
    ("head.mlm.bias", "generator_lm_head.bias"),
    ("head.mlm.decoder.weight", "generator_lm_head.weight"),
    heads={
        "classes": Head(
            (*pair("encoder.pooler", "classifier.dense"), *pair("head.classifier", "classifier.out_proj"))
        ),
        "choices": Head(
            (*pair("encoder.pooler", "sequence_summary.summary"), *pair("head.classifier", "classifier"))
        ),
    },
)
