"""The model section from what a GGUF file says of its network (keys: ggml's docs/gguf.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tasklab.config.decoders import FIXED
from tasklab.config.entries import Entry
from tasklab.config.yaml_source import shown
from tasklab.errors import ConfigError, brief
from tasklab.gguf import GGUFFile, read_gguf

SUFFIX = ".gguf"
ARCHITECTURES = ("llama", "qwen2", "gpt2")
TOKENIZER = "tokenizer.gguf"
"""The file in which a tokenizer lies that was read from a GGUF file; it has no weights."""
_KEYS = {
    "embedding_length": "hidden_size", "block_count": "num_hidden_layers", "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads", "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_size", "context_length": "max_position_embeddings",
}  # fmt: skip
_NEEDED = ("embedding_length", "block_count", "feed_forward_length", "attention.head_count", "context_length")
LARGEST = 10**9


def gguf_files(folder: Path) -> list[Path]:
    """The GGUF files of a folder that may hold a model, sorted."""
    return sorted(file for file in folder.glob(f"*{SUFFIX}") if file.name != TOKENIZER)


def read_gguf_settings(path: Path) -> list[Entry]:
    """What the network is, and how its texts are cut.

    Raises: CheckpointError for a damaged file; ConfigError for a network that is none of ours.
    """
    file, place = read_gguf(path), shown(path)
    kind = file.metadata.get("general.architecture")
    if kind not in ARCHITECTURES:
        kinds = ", ".join(ARCHITECTURES)
        raise ConfigError(
            f"{place}: general.architecture is {brief(kind)}, no network of tasklab; read are {kinds}: take a model of "
            "one of these"
        )
    if missing := [key for key in _NEEDED if f"{kind}.{key}" not in file.metadata]:
        raise ConfigError(f"{place}: says no {kind}.{missing[0]}; convert the model anew with llama.cpp of today")
    model = {**FIXED[kind], "hidden_act": "gelu_new" if kind == "gpt2" else "silu"}
    for key, ours in _KEYS.items():
        if (value := file.metadata.get(f"{kind}.{key}")) is not None:
            model[ours] = _size(value, f"{kind}.{key}", place)
    model |= {"vocab_size": _rows(file, place), "tie_word_embeddings": "output.weight" not in file.tensors}
    if kind == "gpt2":
        model["layer_norm_eps"] = _epsilon(file, "gpt2.attention.layer_norm_epsilon", place)
    else:
        model |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "qkv_bias": kind == "qwen2" or None}
        model |= _rotary(file, kind, model, place)
        model["layer_norm_eps"] = _epsilon(file, f"{kind}.attention.layer_norm_rms_epsilon", place)
    entries = [Entry(f"model.{key}", value, place) for key, value in model.items() if value is not None]
    return [*entries, Entry("tokenizer.name", "gguf", place), Entry("tokenizer.lowercase", False, place)]


def _size(value, key: str, place: str) -> int:
    if type(value) is not int or not 0 < value <= LARGEST:
        raise ConfigError(f"{place}: {key} is {brief(value)}; expected one number, the same for all layers")
    return value


def _rows(file: GGUFFile, place: str) -> int:
    table = file.tensors.get("token_embd.weight")
    if table is None:
        raise ConfigError(f"{place}: holds no token_embd.weight, the table of words; only whole models are read")
    return table.shape[0]


def _epsilon(file: GGUFFile, key: str, place: str) -> float:
    value = file.metadata.get(key, 1e-5)
    if not isinstance(value, float) or not 0 < value < 1:
        raise ConfigError(f"{place}: {key} is {brief(value)}; expected a small number such as 1e-5")
    return float(str(np.float32(value)))  # 1e-05, which the file keeps as 9.999999747378752e-06


def _rotary(file: GGUFFile, kind: str, model: dict, place: str) -> dict:
    """Raises: ConfigError for frequencies that are not those of a base alone."""
    rope = {key: file.metadata.get(f"{kind}.{key}") for key in ("rope.dimension_count", "rope.scaling.type")}
    size = model.get("head_size", model["hidden_size"] // model["num_attention_heads"])
    if rope["rope.dimension_count"] not in (None, size):
        raise ConfigError(
            f"{place}: {kind}.rope.dimension_count is {brief(rope['rope.dimension_count'])} of a head's {size} values; "
            "only whole heads that turn are read"
        )
    if rope["rope.scaling.type"] not in (None, "none") or "rope_freqs.weight" in file.tensors:
        raise ConfigError(
            f"{place}: its rotary frequencies are scaled (rope.scaling, rope_freqs); a GGUF file does not say how in "
            "full: take the model in HuggingFace's format"
        )
    for key in ("expert_count", "attention.sliding_window"):
        value = file.metadata.get(f"{kind}.{key}", 0)
        if value and not (key.endswith("window") and value >= model["max_position_embeddings"]):
            raise ConfigError(f"{place}: {kind}.{key} is {brief(value)}; no network of tasklab has that")
    base = file.metadata.get(f"{kind}.rope.freq_base", 10000.0)
    if not isinstance(base, float) or not 0 < base < float("inf"):
        raise ConfigError(f"{place}: {kind}.rope.freq_base is {brief(base)}; expected a number such as 10000")
    return {"rope_theta": base}
