"""GPT-2 and Llama as MindFormers 0.x and 1.x name them (convert_weight.py of models/gpt2 and models/llama)."""

from tasklab.weights.tables import FORMATS, TRANSPOSE, Format, pair
from tasklab.weights.tables.rows import TRAINING_STATE

_OURS = "encoder.layers.{}"
_GPT2, _LLAMA, _NORM = "backbone.blocks.{}", "model.layers.{}", ("gamma", "beta")
GPT2 = (  # its words are told by their own table, always
    ("encoder.embeddings.word.weight", "backbone.embedding.word_embedding.embedding_table"),
    ("encoder.embeddings.position.weight", "backbone.embedding.position_embedding.embedding_table"),
    *pair(f"{_OURS}.attention_norm", f"{_GPT2}.layernorm1", leaves=_NORM),
    *pair(f"{_OURS}.attention.query", f"{_GPT2}.attention.dense1"),
    *pair(f"{_OURS}.attention.key", f"{_GPT2}.attention.dense2"),
    *pair(f"{_OURS}.attention.value", f"{_GPT2}.attention.dense3"),
    *pair(f"{_OURS}.attention.output", f"{_GPT2}.attention.projection", TRANSPOSE),
    *pair(f"{_OURS}.feed_forward_norm", f"{_GPT2}.layernorm2", leaves=_NORM),
    *pair(f"{_OURS}.feed_forward.intermediate", f"{_GPT2}.output.mapping", TRANSPOSE),
    *pair(f"{_OURS}.feed_forward.output", f"{_GPT2}.output.projection", TRANSPOSE),
    *pair("encoder.norm", "backbone.layernorm", leaves=_NORM),
    (None, f"{_GPT2}.attention.beta"),  # which token sees which, not weights
    (None, f"{_GPT2}.attention.masked_beta"),
    *TRAINING_STATE,
)
LLAMA = (
    ("encoder.embeddings.word.weight", "model.tok_embeddings.embedding_weight"),
    (f"{_OURS}.attention_norm.weight", f"{_LLAMA}.attention_norm.weight"),
    *pair(f"{_OURS}.attention.query", f"{_LLAMA}.attention.wq"),
    *pair(f"{_OURS}.attention.key", f"{_LLAMA}.attention.wk"),
    *pair(f"{_OURS}.attention.value", f"{_LLAMA}.attention.wv"),
    (f"{_OURS}.attention.output.weight", f"{_LLAMA}.attention.wo.weight"),
    (f"{_OURS}.feed_forward_norm.weight", f"{_LLAMA}.ffn_norm.weight"),
    (f"{_OURS}.feed_forward.gate.weight", f"{_LLAMA}.feed_forward.w1.weight"),
    (f"{_OURS}.feed_forward.output.weight", f"{_LLAMA}.feed_forward.w2.weight"),
    (f"{_OURS}.feed_forward.intermediate.weight", f"{_LLAMA}.feed_forward.w3.weight"),
    ("encoder.norm.weight", "model.norm_out.weight"),
    ("head.decoder.weight", "lm_head.weight"),
    *TRAINING_STATE,
)


def _spell(name: str) -> str:
    """LoRA's and the quantised layers' wrapper goes; the table of words has had two names."""
    return name.replace("._layer.", ".").replace("tok_embeddings.weight", "tok_embeddings.embedding_weight")


FORMATS.register("mindformers_gpt2")(
    Format("mindformers_gpt2", GPT2, program="mindspore", families=("gpt2",), head="causal")
)
FORMATS.register("mindformers_llama")(
    Format("mindformers_llama", LLAMA, _spell, "mindspore", ("llama", "mistral", "qwen2"), head="causal")
)
