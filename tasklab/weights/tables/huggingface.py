"""BERT, RoBERTa and ALBERT as transformers names them: with or without the family's name in front, old words too."""

import re

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.weights.tables import FORMATS, Format, Head, Transform, pair

_EMBEDDINGS = (
    ("encoder.embeddings.word.weight", "embeddings.word_embeddings.weight"),
    ("encoder.embeddings.position.weight", "embeddings.position_embeddings.weight"),
    ("encoder.embeddings.token_type.weight", "embeddings.token_type_embeddings.weight"),
    *pair("encoder.embeddings.norm", "embeddings.LayerNorm"),
    (None, "embeddings.position_ids"),
    (None, "embeddings.token_type_ids"),
)
_TASK = Transform(
    lambda types, tasks: types + tasks[:1], lambda types: (types, np.zeros((3, types.shape[1]), types.dtype))
)
"""Every token of ERNIE 3.0 has the task of number 0 beside its type: one table holds both."""
_BLOCK = "encoder.layer.{}"
ENCODER = (
    *_EMBEDDINGS,
    *pair("encoder.layers.{}.attention.query", f"{_BLOCK}.attention.self.query"),
    *pair("encoder.layers.{}.attention.key", f"{_BLOCK}.attention.self.key"),
    *pair("encoder.layers.{}.attention.value", f"{_BLOCK}.attention.self.value"),
    *pair("encoder.layers.{}.attention.output", f"{_BLOCK}.attention.output.dense"),
    *pair("encoder.layers.{}.attention_norm", f"{_BLOCK}.attention.output.LayerNorm"),
    *pair("encoder.layers.{}.feed_forward.intermediate", f"{_BLOCK}.intermediate.dense"),
    *pair("encoder.layers.{}.feed_forward.output", f"{_BLOCK}.output.dense"),
    *pair("encoder.layers.{}.feed_forward_norm", f"{_BLOCK}.output.LayerNorm"),
    *pair("encoder.pooler", "pooler.dense"),
)
_SHARED = "encoder.albert_layer_groups.0.albert_layers.0"
_ALBERT = (
    *_EMBEDDINGS,
    *pair("encoder.projection", "encoder.embedding_hidden_mapping_in"),
    *pair("encoder.layer.attention.query", f"{_SHARED}.attention.query"),
    *pair("encoder.layer.attention.key", f"{_SHARED}.attention.key"),
    *pair("encoder.layer.attention.value", f"{_SHARED}.attention.value"),
    *pair("encoder.layer.attention.output", f"{_SHARED}.attention.dense"),
    *pair("encoder.layer.attention_norm", f"{_SHARED}.attention.LayerNorm"),
    *pair("encoder.layer.feed_forward.intermediate", f"{_SHARED}.ffn"),
    *pair("encoder.layer.feed_forward.output", f"{_SHARED}.ffn_output"),
    *pair("encoder.layer.feed_forward_norm", f"{_SHARED}.full_layer_layer_norm"),
    *pair("encoder.pooler", "pooler"),
)
_HEADS = (
    *pair("head.output", "qa_outputs"),
    # not head.output: a sentence classifier [2, H] would pass for an answer span head [2, H] without notice
    *pair("head.classifier", "classifier"),
)


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if not np.array_equal(one, other):
        raise CheckpointError("the two biases of the masked words have different values; remove one from the file")
    return one


_TWICE = Transform(_same, lambda bias: (bias, bias))
"""transformers 4 reads the one, and 5 the other."""


def words(transform: str, norm: str, scores: str) -> tuple:
    """The rows that predict masked words; the second bias and the matrix are copies."""
    return (
        *pair("head.mlm.transform", transform),
        *pair("head.mlm.norm", norm),
        ("head.mlm.bias", (f"{scores}.bias", f"{scores}.decoder.bias"), _TWICE),
        ("head.mlm.bias", f"{scores}.bias"),
        ("head.mlm.bias", f"{scores}.decoder.bias"),
        ("head.mlm.decoder.weight", f"{scores}.decoder.weight"),
    )


def below(prefix: str, rows) -> tuple:
    """The rows with `prefix.` in front of their names."""

    def named(theirs):
        return f"{prefix}.{theirs}" if isinstance(theirs, str) else tuple(map(named, theirs))

    return tuple((ours, named(theirs), *change) for ours, theirs, *change in rows)


_WRAPPED = re.compile(r"^((module|model|0\.auto_model|auto_model)\.)+")
"""What data parallel, Lightning and sentence-transformers put in front of a network's names."""
_INSIDE = ("embeddings.", "embeddings_project.", "encoder.", "transformer.", "pooler.")
"""What the names of an encoder alone begin with."""


def _spell(prefix: str):
    """`<prefix>.` in front of the encoder's names, weight and bias for TensorFlow's gamma and beta."""

    def spell(name: str) -> str:
        name = _WRAPPED.sub("", name)
        name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", name)
        name = re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name)
        return f"{prefix}.{name}" if name.startswith(_INSIDE) else name

    return spell


def register(family: str, encoder: tuple, *rows, heads=None) -> Format:
    """A format of these rows: encoder's, which lie below the family's name, and heads'."""
    lines = (*below(family, encoder), *_HEADS, *rows)
    name = "huggingface" if family == "bert" else f"huggingface_{family}"
    return FORMATS.register(name)(Format(name, lines, _spell(family), "huggingface", (family,), heads or {}))


BERT = register(
    "bert",
    ENCODER,
    *words("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions"),
    *pair("head.nsp", "cls.seq_relationship"),
)
ERNIE_ENCODER = (
    (
        "encoder.embeddings.token_type.weight",
        ("embeddings.token_type_embeddings.weight", "embeddings.task_type_embeddings.weight"),
        _TASK,
    ),
    *ENCODER,
)
ERNIE = register(
    "ernie",
    ERNIE_ENCODER,
    *words("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions"),
    *pair("head.nsp", "cls.seq_relationship"),
)
ROBERTA = register(
    "roberta",
    ENCODER,
    *words("lm_head.dense", "lm_head.layer_norm", "lm_head"),
    heads={  # its sentence classifier has a pooler of its own
        "classes": Head(
            (*pair("encoder.pooler", "classifier.dense"), *pair("head.classifier", "classifier.out_proj"))
        ),
        "choices": Head(
            (*pair("encoder.pooler", "roberta.pooler.dense"), *pair("head.classifier", "classifier"))
        ),
    },
)
ALBERT = register(
    "albert",
    _ALBERT,
    *words("predictions.dense", "predictions.LayerNorm", "predictions"),
    *pair("head.nsp", "sop_classifier.classifier"),
)
