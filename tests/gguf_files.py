"""Tiny models as GGUF files, written by llama.cpp's own library the way its convert_hf_to_gguf.py does."""

import gguf
import numpy as np

SIZES = (96, 64, 2, 4, 2, 96)
"""vocabulary, hidden, layers, heads, heads of keys, feed-forward"""


def llama_tensors(seed=0, tied=True, sizes=SIZES):
    """HuggingFace's name of llama -> array."""
    vocab, hidden, layers, heads, groups, width = sizes
    rng, narrow = np.random.default_rng(seed), hidden // heads * groups
    blocks = {
        "self_attn.q_proj": (hidden, hidden), "self_attn.k_proj": (narrow, hidden),
        "self_attn.v_proj": (narrow, hidden), "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (width, hidden), "mlp.up_proj": (width, hidden), "mlp.down_proj": (hidden, width),
        "input_layernorm": (hidden,), "post_attention_layernorm": (hidden,),
    }  # fmt: skip
    shapes = {"model.embed_tokens.weight": (vocab, hidden), "model.norm.weight": (hidden,)}
    shapes |= {f"model.layers.{n}.{name}.weight": shape for n in range(layers) for name, shape in blocks.items()}
    shapes |= {} if tied else {"lm_head.weight": (vocab, hidden)}
    drawn = {name: rng.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    return {name: 1 + array if array.ndim == 1 else array for name, array in drawn.items()}


_LLAMA = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "model.layers.": "blk.",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def permuted(array, heads):
    """LlamaModel.permute of convert_hf_to_gguf.py."""
    halves = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
    return halves.swapaxes(1, 2).reshape(array.shape)


def _add_tokens(writer, count):
    """Byte-level BPE of two merges; the token of number 5 ends a text."""
    tokens = ["a", "b", "c", "ab", "ac", "<end>", *(f"unused{number}" for number in range(6, count))]
    for add, value in (
        (writer.add_tokenizer_model, "gpt2"), (writer.add_tokenizer_pre, "gpt-2"), (writer.add_token_list, tokens),
        (writer.add_token_types, [1] * 5 + [3] + [1] * (count - 6)), (writer.add_token_merges, ["a b", "a c"]),
        (writer.add_eos_token_id, 5), (writer.add_add_bos_token, False),
    ):  # fmt: skip
        add(value)


def write_gguf(path, tensors=None, kind="Q8_0", sizes=SIZES, metadata=None):
    """A llama's file, its matrices in `kind`. Returns: path.

    tensors: HuggingFace's. metadata: key -> what it says instead; None takes it out.
    """
    vocab, hidden, layers, heads, groups, width = sizes
    writer = gguf.GGUFWriter(path, "llama")
    for add, value in (
        (writer.add_block_count, layers), (writer.add_context_length, 64), (writer.add_embedding_length, hidden),
        (writer.add_feed_forward_length, width), (writer.add_head_count, heads), (writer.add_head_count_kv, groups),
        (writer.add_rope_freq_base, 10000.0), (writer.add_layer_norm_rms_eps, 1e-5), (writer.add_vocab_size, vocab),
        (writer.add_rope_dimension_count, hidden // heads),
    ):  # fmt: skip
        add(value)
    _add_tokens(writer, vocab)
    for key, value in (metadata or {}).items():
        writer.kv_data[0].pop(key, None)
        if isinstance(value, list):
            writer.add_array(key, value)
        elif value is not None:
            (writer.add_string if isinstance(value, str) else writer.add_uint64)(key, value)
    for name, array in (tensors or llama_tensors(sizes=sizes)).items():
        if "q_proj" in name or "k_proj" in name:
            array = permuted(array, heads if "q_proj" in name else groups)
        _add_tensor(writer, name, array, _LLAMA, kind)
    return _written(writer, path)


_GPT2 = {
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.h.": "blk.", "ln_1": "attn_norm",
    "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down", "transformer.ln_f": "output_norm",
}  # fmt: skip


def gpt2_tensors(seed=0, sizes=(96, 64, 2, 256, 1024)):
    """HuggingFace's name of a tied GPT-2 -> array.

    sizes: vocabulary, hidden, layers, feed-forward, positions; transformers takes the last two, whatever a file says.
    """
    vocab, hidden, layers, width, positions = sizes
    rng = np.random.default_rng(seed)
    matrices = {
        "attn.c_attn": (hidden, 3 * hidden), "attn.c_proj": (hidden, hidden), "mlp.c_fc": (hidden, width),
        "mlp.c_proj": (width, hidden),
    }  # fmt: skip
    shapes = {"transformer.wte.weight": (vocab, hidden), "transformer.wpe.weight": (positions, hidden)}
    blocks = [f"transformer.h.{n}" for n in range(layers)]
    norms = ["transformer.ln_f", *(f"{block}.{norm}" for block in blocks for norm in ("ln_1", "ln_2"))]
    shapes |= {f"{norm}.{leaf}": (hidden,) for norm in norms for leaf in ("weight", "bias")}
    for name, shape in matrices.items():
        shapes |= {f"{block}.{name}.weight": shape for block in blocks}
        shapes |= {f"{block}.{name}.bias": shape[1:] for block in blocks}
    drawn = {name: rng.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    return {name: array + (".ln_" in name and name.endswith("weight")) for name, array in drawn.items()}


def write_gpt2(path, tensors=None, kind="Q8_0"):
    """A GPT-2's file with 4 heads; tensors: HuggingFace's, whose Conv1D are turned as GPT2Model of the script does."""
    tensors = tensors or gpt2_tensors()
    vocab, hidden = tensors["transformer.wte.weight"].shape
    writer = gguf.GGUFWriter(path, "gpt2")
    for add, value in (
        (writer.add_block_count, 2), (writer.add_context_length, len(tensors["transformer.wpe.weight"])),
        (writer.add_embedding_length, hidden), (writer.add_head_count, 4), (writer.add_layer_norm_eps, 1e-5),
        (writer.add_feed_forward_length, tensors["transformer.h.0.mlp.c_fc.weight"].shape[1]),
    ):  # fmt: skip
        add(value)
    _add_tokens(writer, vocab)
    for name, array in tensors.items():
        array = array.T.copy() if array.ndim == 2 and ".h." in name else array
        _add_tensor(writer, name, array, _GPT2, kind)
    return _written(writer, path)


def _add_tensor(writer, name, array, words, kind):
    """words: part of HuggingFace's name -> GGUF's; kind: of matrices."""
    for theirs, word in words.items():
        name = name.replace(theirs, word)
    stored = gguf.GGMLQuantizationType[kind if array.ndim == 2 else "F32"]
    writer.add_tensor(name, gguf.quants.quantize(array, stored), raw_dtype=stored)


def _written(writer, path):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
