"""BERT, RoBERTa and ALBERT as UER-py names them, before July 2023 and since (dbiir/UER-py, scripts/convert_*), and what
the tables of its other encoders have in common with them: embeddings and heads.

Segments count from 1 there, so the segment table has a row in front that no token uses.
"""

import re

import numpy as np

from tasklab.weights.tables import FORMATS, Format, Head, Transform, pair
from tasklab.weights.tables.rows import rows_before

_NORM = ("gamma", "beta")
_OLD = (
    (r"^module\.", ""),
    (r"^embedding\.(word|pos|seg)(ition|ment)?_embedding\.weight$", r"embedding.\1.embedding.weight"),
    (r"^target\.mlm_linear_", "target.mlm.linear_"),
    (r"^target\.layer_norm\.", "target.mlm.layer_norm."),
    (r"^target\.linear_", "target.mlm.linear_"),  # of a prompt's classifier
    (r"^target\.(nsp|sop)_linear_", "target.sp.linear_"),
    (r"^target\.output_layer\.", "target.lm.output_layer."),
    (r"^encoder\.block\.", "encoder.transformer."),  # GPT-2's layers in autumn 2020
)


def spell(name: str) -> str:
    """The names since July 2023."""
    for old, new in _OLD:
        name = re.sub(old, new, name)
    return name


def _shifted(table: np.ndarray, rows: int) -> np.ndarray:
    """The table `rows` further down, zeros in front, as long as before; up where rows is negative."""
    zeros = np.zeros((min(abs(rows), len(table)), *table.shape[1:]), table.dtype)
    return np.concatenate([zeros, table[:-rows]] if rows > 0 else [table[-rows:], zeros])


_SEGMENTS = rows_before(1)


def embeddings(segments: Transform = _SEGMENTS, *position: Transform) -> tuple:
    return (
        ("encoder.embeddings.word.weight", "embedding.word.embedding.weight"),
        ("encoder.embeddings.position.weight", "embedding.pos.embedding.weight", *position),
        ("encoder.embeddings.token_type.weight", "embedding.seg.embedding.weight", segments),
        *pair("encoder.embeddings.norm", "embedding.layer_norm", leaves=_NORM),
    )


def attention(ours: str, theirs: str) -> tuple:
    return (
        *pair(f"{ours}.query", f"{theirs}.linear_layers.0"),
        *pair(f"{ours}.key", f"{theirs}.linear_layers.1"),
        *pair(f"{ours}.value", f"{theirs}.linear_layers.2"),
        *pair(f"{ours}.output", f"{theirs}.final_linear"),
    )


def around(ours: str, theirs: str) -> tuple:
    """What a Transformer layer has beside its attention."""
    return (
        *pair(f"{ours}.attention_norm", f"{theirs}.layer_norm_1", leaves=_NORM),
        *pair(f"{ours}.feed_forward.intermediate", f"{theirs}.feed_forward.linear_1"),
        *pair(f"{ours}.feed_forward.output", f"{theirs}.feed_forward.linear_2"),
        *pair(f"{ours}.feed_forward_norm", f"{theirs}.layer_norm_2", leaves=_NORM),
    )


def _layer(ours: str, theirs: str) -> tuple:
    return *attention(f"{ours}.attention", f"{theirs}.self_attn"), *around(ours, theirs)


_PRETRAINING = (
    *pair("head.mlm.transform", "target.mlm.linear_1"),
    *pair("head.mlm.norm", "target.mlm.layer_norm", leaves=_NORM),
    ("head.mlm.decoder.weight", "target.mlm.linear_2.weight"),
    ("head.mlm.bias", "target.mlm.linear_2.bias"),
    *pair("encoder.pooler", "target.sp.linear_1"),
    *pair("head.nsp", "target.sp.linear_2"),
)
_NEXT = (
    ("head.decoder.weight", "target.lm.output_layer.weight"),
    ("head.decoder.bias", "target.lm.output_layer.bias"),  # until 2020, and since then where has_lmtarget_bias is true
)
_CRF = tuple(
    (f"head.crf.{part}", f"crf.{part}") for part in ("transitions", "start_transitions", "end_transitions")
)  # of run_ner.py with --crf_target, in the layout of pytorch-crf; rows of no head, as not every tagger has one
_POOLED = Head((*pair("encoder.pooler", "output_layer_1"), *pair("head.classifier", "output_layer_2")))
_DEEP = (
    (
        ("head.output.transform.weight", "head.output.weight"), ("output_layer_1.weight", "output_layer_2.weight")
    ),
    (("head.output.transform.bias", "head.output.bias"), ("output_layer_1.bias", "output_layer_2.bias")),
)  # of run_cmrc.py until 2021: a classifier of two classes has the same names
_HEADS = {
    "classes": _POOLED,
    "choices": Head((*pair("head.classifier", "output_layer"),), outputs=1),  # its networks have no pooler
    "spans": Head((*pair("head.output", "output_layer"),), outputs=2, also=_DEEP),
    "tags": Head((*pair("head.classifier", "output_layer"),)),
}


def register(name: str, families: tuple[str, ...], rows: tuple, needs: tuple[str, ...] = ()) -> Format:
    """A format of these rows for the encoder, with all heads."""
    table = Format(name, (*rows, *_CRF, *_PRETRAINING), spell, "uer", families, _HEADS, needs, stores_ties=True)
    return FORMATS.register(name)(table)


ENCODER = (
    *embeddings(),
    *_layer("encoder.layers.{}", "encoder.transformer.{}"),
    *pair("encoder.norm", "encoder.layer_norm", leaves=_NORM),
)
BERT = register(  # gpt is a BERT in which no token sees what follows, prefixlm one that reads a source before: nothing
    "uer",  # in their weights tells
    ("bert", "gpt", "gpt2", "prefixlm"),
    (*ENCODER, *_NEXT),
)
ROBERTA = register(  # positions count from 0 there, from 2 here; its one segment is theirs of number 2
    "uer_roberta",
    ("roberta",),
    (
        *embeddings(rows_before(2), Transform(lambda table: _shifted(table, 2), lambda table: _shifted(table, -2))),
        *_layer("encoder.layers.{}", "encoder.transformer.{}"),
    ),
)
ALBERT = register(
    "uer_albert",
    ("albert",),
    (
        *embeddings(),
        *pair("encoder.projection", "encoder.linear"),
        *_layer("encoder.layer", "encoder.transformer"),
    ),
)
