"""GPT-2 and the Llamas in transformers' words, read as the keys of our model section and written from them.

Source: transformers' configuration_gpt2.py, _llama.py, _mistral.py and _qwen2.py, 4.30 to 5.24.
"""

from __future__ import annotations

from tasklab.config.model_section import ModelConfig
from tasklab.errors import ConfigError, brief

_GPT2 = {
    "encoder": "gpt", "embeddings": ["word", "pos"], "embedding_norm": False, "norm": "layer", "norm_position": "pre",
    "feed_forward": "dense", "use_bias": True, "rotary": False,
}  # fmt: skip
_LLAMA = {
    "encoder": "gpt", "embeddings": ["word"], "embedding_norm": False, "norm": "rms", "norm_position": "pre",
    "feed_forward": "gated", "use_bias": False, "rotary": True,
}  # fmt: skip
FIXED = {"gpt2": _GPT2, "llama": _LLAMA, "mistral": _LLAMA, "qwen2": _LLAMA}
"""model_type -> what such a network has, in our keys."""

_WORDS = {
    "n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads",
    "n_inner": "intermediate_size", "n_positions": "max_position_embeddings", "activation_function": "hidden_act",
    "resid_pdrop": "hidden_dropout_prob", "attn_pdrop": "attention_probs_dropout_prob",
    "layer_norm_epsilon": "layer_norm_eps",
}  # fmt: skip
_LLAMAS_WORDS = {
    "rms_norm_eps": "layer_norm_eps", "head_dim": "head_size", "attention_dropout": "attention_probs_dropout_prob",
}  # fmt: skip
"""Their word -> ours, where it is another one."""
_SHARED = ("vocab_size", "initializer_range", "tie_word_embeddings")
_LLAMAS_OWN = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size",
    "max_position_embeddings", "hidden_act", "rope_theta",
)  # fmt: skip
_DEFAULTS = {
    "gpt2": {
        "hidden_act": "gelu_new", "max_position_embeddings": 1024, "layer_norm_eps": 1e-5, "tie_word_embeddings": True,
    },
    "llama": {
        "hidden_act": "silu", "max_position_embeddings": 2048, "layer_norm_eps": 1e-6, "tie_word_embeddings": False,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "rope_theta": 10000.0,
    },
}  # fmt: skip
_DEFAULTS["mistral"] = {**_DEFAULTS["llama"], "max_position_embeddings": 131072, "num_key_value_heads": 8}
_DEFAULTS["qwen2"] = {**_DEFAULTS["llama"], "max_position_embeddings": 32768, "qkv_bias": True}
"""What a file that says nothing means."""
_ONLY = {
    "gpt2": {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False},
    "llama": {"attention_bias": False, "mlp_bias": False},
    "mistral": {},
    "qwen2": {},
}
"""Their keys that have to say this, where they say something."""
_SCALING = {
    "factor": "rope_scaling_factor", "low_freq_factor": "rope_low_freq_factor",
    "high_freq_factor": "rope_high_freq_factor",
    "original_max_position_embeddings": "rope_original_max_position_embeddings",
}  # fmt: skip
"""Llama 3's scaling of the rotary frequencies, their word -> ours."""
ARCHITECTURES = {"gpt2": ("GPT2Model", "GPT2LMHeadModel")} | {
    family: (f"{name}Model", f"{name}ForCausalLM") for family, name in (("llama", "Llama"), ("qwen2", "Qwen2"))
}
"""transformers' network alone, and with the head that tells the next word."""


def read(described: dict, place: str) -> dict:
    """A config.json of theirs under our keys. Raises: ConfigError for a network that is none of ours."""
    family = described["model_type"]
    for key, value in _ONLY[family].items():
        if described.get(key, value) not in (value, None):
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; of {family} only {value} is read")
    words = _WORDS if family == "gpt2" else _LLAMAS_WORDS
    own = () if family == "gpt2" else _LLAMAS_OWN
    names = {**words, **{key: key for key in (*_SHARED, *own)}}
    renamed = {ours: described[theirs] for theirs, ours in names.items() if described.get(theirs) is not None}
    settings = {**_DEFAULTS[family], **renamed, **FIXED[family], "model_type": "gpt"}
    if family == "gpt2":
        if "intermediate_size" not in settings and "hidden_size" in settings:
            settings["intermediate_size"] = 4 * settings["hidden_size"]
        return settings
    if family == "mistral" or described.get("use_sliding_window"):  # within the window it is a Llama
        window = described.get("sliding_window")
        if type(window) is int and window > 0:
            settings["max_position_embeddings"] = min(settings["max_position_embeddings"], window)
    return settings | _rotary(described, place)


def context(described: dict) -> int:
    """How many tokens a network of theirs reads at most."""
    own = "n_positions" if described["model_type"] == "gpt2" else "max_position_embeddings"
    return described.get(own) or _DEFAULTS[described["model_type"]]["max_position_embeddings"]


def alone(family: str) -> dict:
    """What is taken of weights of this model_type that nothing describes; {} where it is none of these."""
    return {**_DEFAULTS[family], **FIXED[family]} if family in FIXED else {}


def _rotary(described: dict, place: str) -> dict:
    """What turns queries and keys, from rope_scaling (transformers 4) or rope_parameters (5)."""
    rope = described.get("rope_parameters") or described.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise ConfigError(f"{place}: rope_scaling is {brief(rope)}; expected null or an object")
    kind = rope.get("rope_type", rope.get("type", "default"))
    settings = {"rope_theta": rope["rope_theta"]} if rope.get("rope_theta") is not None else {}
    if rope.get("partial_rotary_factor", described.get("partial_rotary_factor", 1.0)) not in (1, None):
        raise ConfigError(f"{place}: partial_rotary_factor is not 1; only whole heads that turn are read")
    if kind in ("default", None):
        return settings
    if kind != "llama3" or any(rope.get(key) is None for key in _SCALING):
        raise ConfigError(
            f"{place}: rope_scaling has the type {brief(kind)}; read are none and llama3 with {', '.join(_SCALING)}"
        )
    return settings | {ours: rope[theirs] for theirs, ours in _SCALING.items()}


def family_of(model: ModelConfig) -> str | None:
    """The one whose files can hold this network, if any; a Mistral's are a Llama's."""
    plain = ModelConfig()
    for family in ("gpt2", "llama"):
        ours = {key: value for key, value in FIXED[family].items() if key in model}
        free = {*ours, "mask", "num_key_value_heads", "head_size", "qkv_bias"} if family == "llama" else {*ours, "mask"}
        alike = all(model[key] == value for key, value in ours.items()) and model.mask in (None, "causal")
        if alike and all(model[key] == plain[key] for key in _OTHER if key not in free and key in model):
            return "qwen2" if family == "llama" and model.qkv_bias else family
    return None


_OTHER = (
    "relative_positions", "scale_attention", "dual", "embedding_size", "position_offset", "num_key_value_heads",
    "head_size", "qkv_bias",
)  # fmt: skip
"""Settings that set a network apart from all of them, or from GPT-2."""


def written(model: ModelConfig, family: str, head: str | None) -> dict:
    """config.json of a network that is one of them."""
    words = {ours: theirs for theirs, ours in (_WORDS if family == "gpt2" else _LLAMAS_WORDS).items()}
    keys = [*words, *_SHARED, *(() if family == "gpt2" else _LLAMAS_OWN)]
    described = {words.get(key, key): model[key] for key in keys}
    described |= {
        "architectures": [ARCHITECTURES[family][head == "causal"]],
        "model_type": family,
        "torch_dtype": "float32",
    }
    if family == "gpt2":
        return described | {"embd_pdrop": model.hidden_dropout_prob}
    described["num_key_value_heads"] = model.num_key_value_heads or model.num_attention_heads
    described["head_dim"] = model.head_size or model.hidden_size // model.num_attention_heads
    if model.rope_scaling_factor:
        scaling = {theirs: model[ours] for theirs, ours in _SCALING.items()}
        described["rope_scaling"] = {"rope_type": "llama3", **scaling}
    return described | ({"attention_bias": False, "mlp_bias": False} if family == "llama" else {})


_MINDFORMERS = {
    "n_kv_heads": "num_key_value_heads", "rms_norm_eps": "layer_norm_eps", "theta": "rope_theta",
    "qkv_has_bias": "qkv_bias", "max_position_embedding": "max_position_embeddings",
    "tie_word_embeddings": "tie_word_embeddings", "intermediate_size": "intermediate_size",
}  # fmt: skip
"""Keys of MindFormers' LlamaConfig -> ours."""


def mindformers(model: ModelConfig, family: str) -> dict:
    """GPT2Config or LlamaConfig of MindFormers' YAML. Raises: ConfigError for what their Llama does not have."""
    described = {
        "vocab_size": model.vocab_size, "hidden_size": model.hidden_size, "num_layers": model.num_hidden_layers,
        "num_heads": model.num_attention_heads, "seq_length": model.max_position_embeddings,
    }  # fmt: skip
    if family == "gpt2":
        dropout = {"hidden_dropout_rate": model.hidden_dropout_prob}
        dropout |= {"attention_dropout_rate": model.attention_probs_dropout_prob}
        return described | {"expand_ratio": model.intermediate_size // model.hidden_size, **dropout}
    if model.rope_scaling_factor or model.head_size not in (None, model.hidden_size // model.num_attention_heads):
        raise ConfigError("MindFormers' Llama has no model.rope_scaling_factor, and heads of hidden_size / heads alone")
    described |= {theirs: model[ours] for theirs, ours in _MINDFORMERS.items()}
    return described | {"qkv_has_bias": bool(model.qkv_bias)}
