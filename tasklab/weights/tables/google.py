"""BERT and ALBERT as google-research/bert and google-research/albert name them: kernels are [in, out]."""

from tasklab.weights.tables import FORMATS, TRANSPOSE, Format, pair

_NORM = ("gamma", "beta")


def _dense(ours: str, theirs: str) -> list[tuple]:
    return pair(ours, theirs, TRANSPOSE, ("kernel", "bias"), "/")


def _norm(ours: str, theirs: str) -> list[tuple]:
    return pair(ours, theirs, leaves=_NORM, dot="/")


def _scores(ours: str, theirs: str) -> list[tuple]:
    """Their heads are [out, in], unlike their other matrices."""
    return pair(ours, theirs, leaves=("output_weights", "output_bias"), dot="/" if theirs else "")


_EMBEDDINGS = (
    ("encoder.embeddings.word.weight", "bert/embeddings/word_embeddings"),
    ("encoder.embeddings.position.weight", "bert/embeddings/position_embeddings"),
    ("encoder.embeddings.token_type.weight", "bert/embeddings/token_type_embeddings"),
    *_norm("encoder.embeddings.norm", "bert/embeddings/LayerNorm"),
)
_HEADS = (
    *_dense("encoder.pooler", "bert/pooler/dense"),
    *_dense("head.mlm.transform", "cls/predictions/transform/dense"),
    *_norm("head.mlm.norm", "cls/predictions/transform/LayerNorm"),
    ("head.mlm.bias", "cls/predictions/output_bias"),
    *_scores("head.nsp", "cls/seq_relationship"),
    *_scores("head.output", "cls/squad"),
    *_scores("head.classifier", ""),
    (None, "*/adam_m"),
    (None, "*/adam_v"),
    (None, "*/lamb_m"),
    (None, "*/lamb_v"),
    (None, "global_step"),
)
_BLOCK = "bert/encoder/layer_{}"
_SHARED = "bert/encoder/transformer/group_0/inner_group_0"

BERT = FORMATS.register("google")(
    Format(
        "google",
        (
            *_EMBEDDINGS,
            *_dense("encoder.layers.{}.attention.query", f"{_BLOCK}/attention/self/query"),
            *_dense("encoder.layers.{}.attention.key", f"{_BLOCK}/attention/self/key"),
            *_dense("encoder.layers.{}.attention.value", f"{_BLOCK}/attention/self/value"),
            *_dense("encoder.layers.{}.attention.output", f"{_BLOCK}/attention/output/dense"),
            *_norm("encoder.layers.{}.attention_norm", f"{_BLOCK}/attention/output/LayerNorm"),
            *_dense("encoder.layers.{}.feed_forward.intermediate", f"{_BLOCK}/intermediate/dense"),
            *_dense("encoder.layers.{}.feed_forward.output", f"{_BLOCK}/output/dense"),
            *_norm("encoder.layers.{}.feed_forward_norm", f"{_BLOCK}/output/LayerNorm"),
            *_HEADS,
        ),
        program="google",
    )
)
ALBERT = FORMATS.register("google_albert")(
    Format(
        "google_albert",
        (
            *_EMBEDDINGS,
            *_dense("encoder.projection", "bert/encoder/embedding_hidden_mapping_in"),
            *_dense("encoder.layer.attention.query", f"{_SHARED}/attention_1/self/query"),
            *_dense("encoder.layer.attention.key", f"{_SHARED}/attention_1/self/key"),
            *_dense("encoder.layer.attention.value", f"{_SHARED}/attention_1/self/value"),
            *_dense("encoder.layer.attention.output", f"{_SHARED}/attention_1/output/dense"),
            *_norm("encoder.layer.attention_norm", f"{_SHARED}/LayerNorm"),
            *_dense("encoder.layer.feed_forward.intermediate", f"{_SHARED}/ffn_1/intermediate/dense"),
            *_dense("encoder.layer.feed_forward.output", f"{_SHARED}/ffn_1/intermediate/output/dense"),
            *_norm("encoder.layer.feed_forward_norm", f"{_SHARED}/LayerNorm_1"),
            *_HEADS,
        ),
        program="google",
        families=("albert",),
    )
)
