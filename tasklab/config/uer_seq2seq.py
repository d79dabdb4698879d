"""UER-py's JSON of an encoder-decoder (its models/t5, bart, pegasus, transformer): read as our keys, and written."""

from __future__ import annotations

from tasklab.config.model_section import ModelConfig
from tasklab.errors import ConfigError, brief

_WORDS = {
    "hidden_size": "hidden_size", "layers_num": "num_hidden_layers", "decoder_layers_num": "num_decoder_layers",
    "heads_num": "num_attention_heads", "feedforward_size": "intermediate_size", "attention_head_size": "head_size",
    "relative_attention_buckets_num": "relative_attention_num_buckets", "max_seq_length": "max_position_embeddings",
    "layernorm_positioning": "norm_position", "feed_forward": "feed_forward", "vocab_size": "vocab_size",
    "tie_weights": "tie_word_embeddings", "relative_position_embedding": "relative_positions",
    "has_lmtarget_bias": "final_logits_bias", "bidirectional": "bidirectional",
}  # fmt: skip
"""Their word -> ours."""
_NOT = {
    "remove_embedding_layernorm": "embedding_norm", "remove_attention_scale": "scale_attention",
    "remove_transformer_bias": "use_bias",
}  # fmt: skip
"""Theirs says that there is none, ours that there is."""
_EMBEDDINGS = {"word": "word", "pos": "pos", "seg": "seg", "sinusoidalpos": "sinusoidal"}
_ACTS, _NORMS = {"gelu_fast": "gelu_new"}, {"normal": "layer", "t5": "rms"}
RECURRENT = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
"""Encoders that are no Transformer, under its name in both programs."""
_ONLY = {
    "encoder": ("transformer", "bert", *RECURRENT), "decoder": ("transformer",), "mask": ("fully_visible",),
    "parameter_sharing": (False,), "factorized_embedding_parameterization": (False,),
    "has_residual_attention": (False,), "rotary_position_embedding": (False,), "alibi_position_embedding": (False,),
    "layer_number_scale": (False,),
}  # fmt: skip
"""What it has to say, where it says something."""


def is_seq2seq(described: dict) -> bool:
    return bool(described.get("decoder"))


def read(described: dict, place: str) -> dict:
    """Its keys as ours. Raises: ConfigError for a network that is none of ours."""
    for key, values in _ONLY.items():
        if described.get(key, values[0]) not in values:
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; of an encoder-decoder {values[0]!r} is read")
    embedding, target = (described.get(key, ["word"]) for key in ("embedding", "tgt_embedding"))
    wrong = not isinstance(embedding, list) or any(part not in _EMBEDDINGS for part in map(str, embedding))
    if wrong or embedding != target:
        message = f"embedding is {brief(embedding)}, tgt_embedding {brief(target)}"
        raise ConfigError(f"{place}: {message}; expected the same list in both, some of {', '.join(_EMBEDDINGS)}")
    if described.get("emb_size", described.get("hidden_size")) != described.get("hidden_size"):
        raise ConfigError(f"{place}: emb_size is {brief(described['emb_size'])}; only that of hidden_size is read")
    settings = {ours: described[theirs] for theirs, ours in _WORDS.items() if theirs in described}
    settings |= {ours: not described.get(theirs, False) for theirs, ours in _NOT.items()}
    norm, act = described.get("layernorm", "normal"), described.get("hidden_act", "gelu")
    encoder = described.get("encoder")
    if norm not in _NORMS:
        raise ConfigError(f"{place}: layernorm is {brief(norm)}; read are {', '.join(_NORMS)}")
    dropout = described.get("dropout", 0.1)
    settings.setdefault("num_decoder_layers", settings.get("num_hidden_layers"))
    return settings | {
        "model_type": encoder if encoder in RECURRENT else "bert",
        "embeddings": [_EMBEDDINGS[part] for part in embedding], "norm": _NORMS[norm],
        "layer_norm_eps": 1e-6 if norm == "t5" else described.get("layer_norm_eps", ModelConfig().layer_norm_eps),
        "hidden_act": _ACTS.get(act, act), "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
    }  # fmt: skip


def why_not(model: ModelConfig) -> str:
    """The setting for which UER-py has nothing, in a few words; empty when it can hold this encoder-decoder."""
    sinusoidal, plain = "sinusoidal" in model.embeddings, ModelConfig()
    for key, wrong in (
        ("scale_embedding", model.scale_embedding and not sinusoidal),
        ("relative_attention_max_distance",
         model.relative_attention_max_distance != plain.relative_attention_max_distance),
        *((key, model[key] != plain[key]) for key in ("num_key_value_heads", "rotary", "qkv_bias", "mask")),
    ):  # fmt: skip
        if wrong:
            return f"model.{key} {model[key]}"
    return ""


def written(model: ModelConfig) -> dict:
    """The JSON for a model that it can hold."""
    content = {theirs: model[ours] for theirs, ours in _WORDS.items() if model[ours] is not None}
    content |= {theirs: not model[ours] for theirs, ours in _NOT.items()}
    names, rms = [theirs for theirs, ours in _EMBEDDINGS.items() if ours in model.embeddings], model.norm == "rms"
    processor = "mt" if model.decoder_vocab_size else "t5" if rms else "bart" if "pos" in names else "gsg"
    return content | {
        "emb_size": model.hidden_size, "hidden_act": {"gelu_new": "gelu_fast"}.get(model.hidden_act, model.hidden_act),
        "decoder_layers_num": model.num_decoder_layers or model.num_hidden_layers,
        "dropout": model.hidden_dropout_prob, "data_processor": processor, "embedding": names, "tgt_embedding": names,
        "share_embedding": not model.decoder_vocab_size, "mask": "fully_visible",
        "encoder": model.encoder if model.encoder in RECURRENT else "transformer",
        "decoder": "transformer", "layernorm": "t5" if rms else "normal", "target": ["lm"],
        "layer_norm_eps": model.layer_norm_eps,
    }  # fmt: skip
