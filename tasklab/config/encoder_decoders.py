"""T5 and BART in transformers' words, mT5 and Pegasus too, read as the keys of our model section and written from them.

Source: transformers' configuration_t5.py, _mt5.py, _bart.py and _pegasus.py, 4.30 to 5.24.
"""

from __future__ import annotations

from tasklab.config.model_section import ModelConfig
from tasklab.errors import ConfigError, brief

_T5 = {
    "encoder": "bert", "embeddings": ["word"], "embedding_norm": False, "norm": "rms", "norm_position": "pre",
    "relative_positions": True, "scale_attention": False, "use_bias": False,
}  # fmt: skip
_BART = {
    "encoder": "bert", "embeddings": ["word", "pos"], "embedding_norm": True, "norm": "layer", "norm_position": "post",
    "feed_forward": "dense",
}  # fmt: skip
FIXED = {"t5": _T5, "mt5": _T5, "bart": _BART, "pegasus": {**_BART, "norm_position": "pre", "embedding_norm": False}}
"""model_type -> what such a network has, in our keys."""
ARCHITECTURES = {"t5": "T5ForConditionalGeneration", "bart": "BartForConditionalGeneration"}
ARCHITECTURES |= {"pegasus": "PegasusForConditionalGeneration"}

_T5S_WORDS = {
    "d_model": "hidden_size", "num_layers": "num_hidden_layers", "num_heads": "num_attention_heads",
    "d_kv": "head_size", "d_ff": "intermediate_size", "n_positions": "max_position_embeddings",
    "layer_norm_epsilon": "layer_norm_eps",
}  # fmt: skip
_BARTS_WORDS = {
    "d_model": "hidden_size", "encoder_layers": "num_hidden_layers", "decoder_layers": "num_decoder_layers",
    "encoder_attention_heads": "num_attention_heads", "encoder_ffn_dim": "intermediate_size",
    "activation_function": "hidden_act", "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob", "activation_dropout": "activation_dropout_prob",
    "init_std": "initializer_range",
}  # fmt: skip
"""Their word -> ours, where it is another one."""
_SHARED = ("vocab_size", "decoder_start_token_id", "tie_word_embeddings")
_T5S_OWN = ("num_decoder_layers", "relative_attention_num_buckets", "relative_attention_max_distance")
_BARTS_OWN = ("max_position_embeddings", "scale_embedding")
_DEFAULTS = {
    "t5": {"layer_norm_eps": 1e-6, "head_size": 64, "decoder_start_token_id": 0, "hidden_dropout_prob": 0.1},
    "bart": {
        "layer_norm_eps": 1e-5, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.0,
        "max_position_embeddings": 1024, "decoder_start_token_id": 2,
    },
}  # fmt: skip
_DEFAULTS["mt5"], _DEFAULTS["pegasus"] = _DEFAULTS["t5"], {**_DEFAULTS["bart"], "decoder_start_token_id": 0}
"""What a file that says nothing means."""
_ONLY = {
    "normalize_before": False, "add_final_layer_norm": False, "normalize_embedding": True, "extra_pos_embeddings": 2,
    "static_position_embeddings": False, "add_bias_logits": False,
}  # fmt: skip
"""BART's keys of 2020 that have to say this, where they say something."""
_GATED_GELU = "gated-gelu"


def begins(family: str, described: dict) -> int | None:
    """The token that every answer of the family begins with behind the decoder's first; described: config.json."""
    return described.get("bos_token_id", 0) if family == "bart" else None


def read(described: dict, place: str) -> dict:
    """A config.json of theirs under our keys. Raises: ConfigError for a network that is none of ours."""
    family = described["model_type"]
    t5 = FIXED[family] is _T5
    words, own = (_T5S_WORDS, _T5S_OWN) if t5 else (_BARTS_WORDS, _BARTS_OWN)
    names = {**words, **{key: key for key in (*_SHARED, *own)}}
    renamed = {ours: described[theirs] for theirs, ours in names.items() if described.get(theirs) is not None}
    settings = {**_DEFAULTS[family], **renamed, **FIXED[family], "model_type": "bert"}
    settings.setdefault("num_decoder_layers", settings.get("num_hidden_layers"))
    return settings | (_t5(described, family, place) if t5 else _bart(described, place))


def _t5(described: dict, family: str, place: str) -> dict:
    projection = described.get("feed_forward_proj", "relu" if family == "t5" else _GATED_GELU)
    gated, _, act = str(projection).rpartition("-")
    if gated not in ("", "gated"):
        raise ConfigError(f"{place}: feed_forward_proj is {brief(projection)}; read are relu, {_GATED_GELU} and such")
    dropout = described.get("dropout_rate", 0.1)
    # where the words are tied, or else where the file says it apart: transformers 5 ties them whatever is said
    tied = described.get("tie_word_embeddings") is not False
    return {
        "feed_forward": "gated" if gated else "dense",
        "hidden_act": "gelu_new" if projection == _GATED_GELU else act,
        "hidden_dropout_prob": dropout,
        "attention_probs_dropout_prob": dropout,
        "activation_dropout_prob": dropout,
        "final_dropout_prob": dropout,
        "scale_decoder_outputs": family == "t5" and described.get("scale_decoder_outputs", tied),
    }


def _bart(described: dict, place: str) -> dict:
    for key, value in _ONLY.items():
        if described.get(key, value) != value:
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; only {value} is read")
    for decoders in ("attention_heads", "ffn_dim"):
        one, other = described.get(f"encoder_{decoders}"), described.get(f"decoder_{decoders}")
        if other not in (one, None):
            message = f"decoder_{decoders} is {brief(other)}, encoder_{decoders} {brief(one)}; read are equal ones"
            raise ConfigError(f"{place}: {message}")
    return {}


def family_of(model: ModelConfig) -> str | None:
    """The one whose files can hold this network: t5, bart or pegasus; "seq2seq" for any other one with a decoder, and
    None for one without."""
    if not model.has_decoder:
        return None
    plain = ModelConfig()
    for family in ARCHITECTURES:
        fixed = FIXED[family]
        free = {*fixed, "feed_forward", "head_size"} if family == "t5" else set(fixed)
        alike = all(model[key] == value for key, value in fixed.items()) and not model.position_offset
        if alike and all(model[key] == plain[key] for key in _OTHER if key not in free) and _tells(model, family):
            return family
    return "seq2seq"


_OTHER = (
    "feed_forward", "head_size", "mask", "relative_positions", "scale_attention", "use_bias", "qkv_bias",
    "num_key_value_heads", "rotary", "dual", "embedding_size", "decoder_vocab_size",
)  # fmt: skip
"""Settings that set a network apart from all of them, or some."""


def _tells(model: ModelConfig, family: str) -> bool:
    """Whether the family tells words as this model does."""
    if family != "t5":
        return not model.scale_decoder_outputs
    gelu = model.feed_forward == "gated" and model.hidden_act == "gelu"  # theirs is by tanh
    scaled = model.scale_decoder_outputs and not model.tie_word_embeddings
    return not (gelu or scaled or model.scale_embedding or model.final_logits_bias)


_TOKENS = {
    "bart": {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "pegasus": {"pad_token_id": 0, "eos_token_id": 1},
}  # fmt: skip


def written(model: ModelConfig, family: str) -> dict:
    """config.json of a network that is one of them."""
    words, own = (_T5S_WORDS, _T5S_OWN) if family == "t5" else (_BARTS_WORDS, _BARTS_OWN)
    described = {theirs: model[ours] for theirs, ours in words.items()} | {key: model[key] for key in (*_SHARED, *own)}
    layers = model.num_decoder_layers or model.num_hidden_layers
    described |= {"architectures": [ARCHITECTURES[family]], "model_type": family, "is_encoder_decoder": True}
    described |= {"torch_dtype": "float32"}
    if family == "t5":
        gated = "gated-" + {"gelu_new": "gelu"}.get(model.hidden_act, model.hidden_act)
        return described | {
            "num_decoder_layers": layers, "d_kv": model.head_size or model.hidden_size // model.num_attention_heads,
            "feed_forward_proj": gated if model.feed_forward == "gated" else model.hidden_act,
            "dropout_rate": model.hidden_dropout_prob, "pad_token_id": 0, "eos_token_id": 1,
            # what 4 takes for scaled or not, and 5 too; 5 ties words by their values
            "tie_word_embeddings": model.scale_decoder_outputs,
        }  # fmt: skip
    described |= {
        "decoder_layers": layers, "decoder_attention_heads": model.num_attention_heads,
        "decoder_ffn_dim": model.intermediate_size,
    }  # fmt: skip
    return described | _TOKENS[family]


MINDFORMERS = {
    "vocab_size": "vocab_size", "hidden_size": "hidden_size", "d_kv": "head_size", "d_ff": "intermediate_size",
    "num_layers": "num_hidden_layers", "num_decoder_layers": "num_decoder_layers", "num_heads": "num_attention_heads",
    "max_position_embeddings": "max_position_embeddings", "hidden_act": "hidden_act",
    "hidden_dropout_rate": "hidden_dropout_prob", "attention_dropout_rate": "attention_probs_dropout_prob",
    "layer_norm_epsilon": "layer_norm_eps", "relative_attention_num_buckets": "relative_attention_num_buckets",
    "scale_output": "scale_decoder_outputs", "start_token_id": "decoder_start_token_id",
}  # fmt: skip
"""Keys of MindFormers' T5Config -> ours."""


def mindformers(model: ModelConfig) -> dict:
    """T5Config of MindFormers' YAML. Raises: ConfigError for what their T5 does not have."""
    for key, value in (("relative_attention_num_buckets", 32), ("relative_attention_max_distance", 128)):
        if model[key] != value:
            raise ConfigError(f"MindFormers' T5 has no model.{key} but {value}, here it is {model[key]}")
    described = {theirs: model[ours] for theirs, ours in MINDFORMERS.items() if model[ours] is not None}
    described["num_decoder_layers"] = model.num_decoder_layers or model.num_hidden_layers
    described["d_kv"] = model.head_size or model.hidden_size // model.num_attention_heads
    return described | {"seq_length": model.max_position_embeddings}
