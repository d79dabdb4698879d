"""GPT-2 and the Llamas (Mistral, Qwen2, SmolLM2 too) as transformers names them, with or without the model's prefix."""

from tasklab.weights.tables import FORMATS, TRANSPOSE, Format, pair
from tasklab.weights.tables.rows import fused, spelled_behind

_GPT2, _LLAMA = "transformer.h.{}", "model.layers.{}"
_OURS = "encoder.layers.{}"
PROJECTIONS = ("query", "key", "value")


def together(theirs: str, split) -> tuple:
    """Rows of one matrix and one bias of theirs that hold query, key and value; split: the matrix's Transform."""
    return tuple(
        (tuple(f"{_OURS}.attention.{part}.{leaf}" for part in PROJECTIONS), f"{theirs}.{leaf}", change)
        for leaf, change in (("weight", split), ("bias", fused(3)))
    )


GPT2 = (  # its Conv1D keep matrices [in, out]
    ("encoder.embeddings.word.weight", "transformer.wte.weight"),
    ("encoder.embeddings.position.weight", "transformer.wpe.weight"),
    *pair(f"{_OURS}.attention_norm", f"{_GPT2}.ln_1"),
    *together(f"{_GPT2}.attn.c_attn", fused(3, 1, TRANSPOSE)),
    *pair(f"{_OURS}.attention.output", f"{_GPT2}.attn.c_proj", TRANSPOSE),
    *pair(f"{_OURS}.feed_forward_norm", f"{_GPT2}.ln_2"),
    *pair(f"{_OURS}.feed_forward.intermediate", f"{_GPT2}.mlp.c_fc", TRANSPOSE),
    *pair(f"{_OURS}.feed_forward.output", f"{_GPT2}.mlp.c_proj", TRANSPOSE),
    *pair("encoder.norm", "transformer.ln_f"),
    ("head.decoder.weight", "lm_head.weight"),
    (None, f"{_GPT2}.attn.bias"),  # which token sees which, not weights
    (None, f"{_GPT2}.attn.masked_bias"),
)
LLAMA = (
    ("encoder.embeddings.word.weight", "model.embed_tokens.weight"),
    (f"{_OURS}.attention_norm.weight", f"{_LLAMA}.input_layernorm.weight"),
    *pair(f"{_OURS}.attention.query", f"{_LLAMA}.self_attn.q_proj"),
    *pair(f"{_OURS}.attention.key", f"{_LLAMA}.self_attn.k_proj"),
    *pair(f"{_OURS}.attention.value", f"{_LLAMA}.self_attn.v_proj"),
    (f"{_OURS}.attention.output.weight", f"{_LLAMA}.self_attn.o_proj.weight"),
    (f"{_OURS}.feed_forward_norm.weight", f"{_LLAMA}.post_attention_layernorm.weight"),
    (f"{_OURS}.feed_forward.gate.weight", f"{_LLAMA}.mlp.gate_proj.weight"),
    (f"{_OURS}.feed_forward.intermediate.weight", f"{_LLAMA}.mlp.up_proj.weight"),
    (f"{_OURS}.feed_forward.output.weight", f"{_LLAMA}.mlp.down_proj.weight"),
    ("encoder.norm.weight", "model.norm.weight"),
    ("head.decoder.weight", "lm_head.weight"),
    (None, f"{_LLAMA}.self_attn.rotary_emb.inv_freq"),  # of transformers before 4.32, computed from the settings
)


FORMATS.register("huggingface_gpt2")(
    Format(
        "huggingface_gpt2", GPT2, spelled_behind("transformer.", ("h.", "wte.", "wpe.", "ln_f.")), "huggingface",
        ("gpt2",),
    )
)  # fmt: skip
FORMATS.register("huggingface_llama")(
    Format(
        "huggingface_llama", LLAMA, spelled_behind("model.", ("layers.", "embed_tokens.", "norm.")), "huggingface",
        ("llama", "mistral", "qwen2"),
    )
)  # fmt: skip
