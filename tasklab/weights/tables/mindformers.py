"""BERT as MindFormers 0.x and 1.0 name it (mindformers/models/bert/bert.py and convert_weight.py).

layernorm2 follows the attention and layernorm1 the feed-forward: the numbers are not the order. The names fit BERT;
other MindFormers models get their own rows.
"""

from tasklab.weights.tables import FORMATS, TRANSPOSE, Format, pair
from tasklab.weights.tables.rows import TRAINING_STATE

_BLOCK = "bert.bert_encoder.encoder.blocks.{}"
_NORM = ("gamma", "beta")

BERT = (
    ("encoder.embeddings.word.weight", "bert.word_embedding.embedding_table"),
    (
        "encoder.embeddings.position.weight",
        "bert.embedding_postprocessor.full_position_embedding.embedding_table",
    ),
    (
        "encoder.embeddings.token_type.weight",
        "bert.embedding_postprocessor.token_type_embedding.embedding_table",
    ),
    *pair("encoder.embeddings.norm", "bert.embedding_postprocessor.layernorm", leaves=_NORM),
    *pair("encoder.layers.{}.attention.query", f"{_BLOCK}.attention.dense1"),
    *pair("encoder.layers.{}.attention.key", f"{_BLOCK}.attention.dense2"),
    *pair("encoder.layers.{}.attention.value", f"{_BLOCK}.attention.dense3"),
    *pair("encoder.layers.{}.attention.output", f"{_BLOCK}.attention.projection", TRANSPOSE),
    *pair("encoder.layers.{}.attention_norm", f"{_BLOCK}.layernorm2", leaves=_NORM),
    *pair("encoder.layers.{}.feed_forward.intermediate", f"{_BLOCK}.output.mapping", TRANSPOSE),
    *pair("encoder.layers.{}.feed_forward.output", f"{_BLOCK}.output.projection", TRANSPOSE),
    *pair("encoder.layers.{}.feed_forward_norm", f"{_BLOCK}.layernorm1", leaves=_NORM),
    *pair("encoder.pooler", "bert.dense"),
    *pair("head.mlm.transform", "mlmloss.dense"),
    *pair("head.mlm.norm", "mlmloss.layernorm", leaves=_NORM),
    ("head.mlm.bias", "mlmloss.output_bias"),
    ("head.mlm.decoder.weight", "mlmloss.vocab_dense.weight"),  # a copy that their converter writes
    *pair("head.nsp", "nsploss.dense"),
    *pair("head.output", "qa_outputs"),
    *pair("head.classifier", "classifier"),
    *TRAINING_STATE,
)


def spell(name: str) -> str:
    """Their converter writes bert.mlmloss, their network has mlmloss."""
    return name.removeprefix("bert.") if name.startswith("bert.mlmloss.") else name


MINDFORMERS = FORMATS.register("mindformers")(Format("mindformers", BERT, spell, "mindspore"))
