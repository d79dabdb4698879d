"""Tiny encoder-decoders and what transformers computed with them, see fixtures/make_seq2seq_reference.py."""

from pathlib import Path

import numpy as np

from tasklab.weights.tables import FORMATS, to_tasklab

FIXTURE = Path(__file__).parent / "fixtures" / "seq2seq_reference.npz"  # what transformers computed
SIZES = {
    "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32,
    "max_position_embeddings": 24,
}  # fmt: skip
T5 = {
    **SIZES, "num_decoder_layers": 3, "head_size": 5, "embeddings": ["word"], "embedding_norm": False, "norm": "rms",
    "norm_position": "pre", "layer_norm_eps": 1e-6, "relative_positions": True, "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16, "scale_attention": False, "use_bias": False, "hidden_act": "relu",
}  # fmt: skip
GATED = {**T5, "feed_forward": "gated", "hidden_act": "gelu_new", "tie_word_embeddings": False}
BART = {**SIZES, "num_decoder_layers": 1, "embeddings": ["word", "pos"], "layer_norm_eps": 1e-5}
CASES = {
    "t5": {**T5, "scale_decoder_outputs": True}, "t5_gated": GATED, "mt5": GATED, "bart": BART,
    "bart_scaled": {**BART, "scale_embedding": True, "hidden_act": "relu", "final_logits_bias": True},
    "pegasus": {**BART, "scale_embedding": True, "norm_position": "pre", "embedding_norm": False},
}  # fmt: skip


def reference() -> dict:
    with np.load(FIXTURE) as file:
        return dict(file)


def tensors_of(case, reference):
    start = f"{case}:weight:"
    own = {name.removeprefix(start): array for name, array in reference.items() if name.startswith(start)}
    tensors, unknown = to_tasklab(own, FORMATS.get(f"huggingface_{case.replace('m', '').split('_')[0]}"), "seq2seq")
    assert not unknown
    return tensors


def pairs_of(reference):
    """(source, target) without padding."""
    lengths = reference["attention_mask"].sum(1)
    sources = [ids[:n] for ids, n in zip(reference["input_ids"], lengths, strict=True)]
    return sources, list(reference["decoder_input_ids"])
