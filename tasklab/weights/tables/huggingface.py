"""BERT as transformers names it: with or without `bert.`, and with the TensorFlow words gamma and beta."""

import re

from tasklab.weights.tables import FORMATS, Format, pair

BERT = (
    ("encoder.embeddings.word.weight", "bert.embeddings.word_embeddings.weight"),
    ("encoder.embeddings.position.weight", "bert.embeddings.position_embeddings.weight"),
    ("encoder.embeddings.token_type.weight", "bert.embeddings.token_type_embeddings.weight"),
    *pair("encoder.embeddings.norm", "bert.embeddings.LayerNorm"),
    *pair("encoder.layers.{}.attention.query", "bert.encoder.layer.{}.attention.self.query"),
    *pair("encoder.layers.{}.attention.key", "bert.encoder.layer.{}.attention.self.key"),
    *pair("encoder.layers.{}.attention.value", "bert.encoder.layer.{}.attention.self.value"),
    *pair("encoder.layers.{}.attention.output", "bert.encoder.layer.{}.attention.output.dense"),
    *pair("encoder.layers.{}.attention_norm", "bert.encoder.layer.{}.attention.output.LayerNorm"),
    *pair("encoder.layers.{}.feed_forward.intermediate", "bert.encoder.layer.{}.intermediate.dense"),
    *pair("encoder.layers.{}.feed_forward.output", "bert.encoder.layer.{}.output.dense"),
    *pair("encoder.layers.{}.feed_forward_norm", "bert.encoder.layer.{}.output.LayerNorm"),
    *pair("encoder.pooler", "bert.pooler.dense"),
    *pair("head.output", "qa_outputs"),
    # not head.output: a sentence classifier [2, H] would pass for an answer span head [2, H] without notice
    *pair("head.classifier", "classifier"),
    *pair("head.mlm.transform", "cls.predictions.transform.dense"),
    *pair("head.mlm.norm", "cls.predictions.transform.LayerNorm"),
    ("head.mlm.decoder.weight", "cls.predictions.decoder.weight"),  # absent where it is tied to the word embeddings
    ("head.mlm.bias", "cls.predictions.bias"),
    *pair("head.nsp", "cls.seq_relationship"),
    (None, "bert.embeddings.position_ids"),
)


def spell(name: str) -> str:
    """The spelling used in the rows: `bert.` in front, weight and bias for gamma and beta."""
    name = re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", name)
    name = re.sub(r"LayerNorm\.beta$", "LayerNorm.bias", name)
    if name == "cls.predictions.decoder.bias":  # transformers: the same vector as cls.predictions.bias
        return "cls.predictions.bias"
    return f"bert.{name}" if name.startswith(("embeddings.", "encoder.layer.", "pooler.")) else name


HUGGINGFACE = FORMATS.register("huggingface")(Format("huggingface", BERT, spell))
