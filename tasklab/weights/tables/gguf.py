"""Llama, Mistral, Qwen2 and GPT-2 as llama.cpp names them in GGUF files (gguf/constants.py, TENSOR_NAMES)."""

from tasklab.weights.tables import FORMATS, Format, pair
from tasklab.weights.tables.huggingface_decoders import together
from tasklab.weights.tables.rows import fused

_BLOCK = "blk.{}"
_OURS = "encoder.layers.{}"
_AROUND = (
    ("encoder.embeddings.word.weight", "token_embd.weight"),
    *pair("encoder.norm", "output_norm"),
    *pair(f"{_OURS}.attention_norm", f"{_BLOCK}.attn_norm"),
    *pair(f"{_OURS}.feed_forward_norm", f"{_BLOCK}.ffn_norm"),
    *pair(f"{_OURS}.attention.output", f"{_BLOCK}.attn_output"),
    *pair(f"{_OURS}.feed_forward.intermediate", f"{_BLOCK}.ffn_up"),
    *pair(f"{_OURS}.feed_forward.output", f"{_BLOCK}.ffn_down"),
    ("head.decoder.weight", "output.weight"),
)
LLAMA = (
    *_AROUND,
    *pair(f"{_OURS}.attention.query", f"{_BLOCK}.attn_q"),
    *pair(f"{_OURS}.attention.key", f"{_BLOCK}.attn_k"),
    *pair(f"{_OURS}.attention.value", f"{_BLOCK}.attn_v"),
    (f"{_OURS}.feed_forward.gate.weight", f"{_BLOCK}.ffn_gate.weight"),
)
GPT2 = (
    *_AROUND,
    ("encoder.embeddings.position.weight", "position_embd.weight"),
    *together(f"{_BLOCK}.attn_qkv", fused(3)),
)
for _name, _rows, _families, _sign in (
    ("gguf_llama", LLAMA, ("llama", "mistral", "qwen2"), "blk.0.attn_q.weight"),
    ("gguf_gpt2", GPT2, ("gpt2",), "blk.0.attn_qkv.weight"),
):
    FORMATS.register(_name)(Format(_name, _rows, program="gguf", families=_families, needs=(_sign,), head="causal"))
