"""BERTs of transformers that settings alone set apart, DistilBERT and Electra: read as our keys, and written from them.

Source: transformers' modeling_distilbert.py and modeling_electra.py, 4.46 to 5.24.
"""

from __future__ import annotations

from tasklab.config.model_section import ModelConfig
from tasklab.errors import ConfigError, brief

_DISTILBERT = {
    "dim": "hidden_size", "hidden_dim": "intermediate_size", "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads", "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob", "activation": "hidden_act",
}  # fmt: skip
_RENAMED = {"distilbert": _DISTILBERT, "electra": {}}
"""model_type -> its own words for what the others call as we do."""
FIXED = {
    "distilbert": {"embeddings": ["word", "pos"], "pooler_act": "relu", "layer_norm_eps": 1e-12},
    "electra": {
        "pooler_act": "gelu", "hidden_act": "gelu", "summary_activation": "gelu", "summary_type": "first",
        "summary_use_proj": True,
    },
}  # fmt: skip
"""model_type -> what such a network has; our keys, and theirs, which say it of multiple choice."""


def read(described: dict, place: str) -> dict:
    """A config.json of theirs under the common names; any other as it is. Raises: ConfigError for what is not read."""
    family = described.get("model_type")
    if family not in FIXED:
        return described
    for key, value in FIXED[family].items():
        if described.get(key, value) != value:
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; of {family} only {value!r} is read")
    words = _RENAMED[family]
    ours = {words.get(key, key): value for key, value in described.items()}
    return {"embedding_size": 128, **ours, **FIXED[family]} if family == "electra" else {**ours, **FIXED[family]}


def relative(model: ModelConfig) -> str | None:
    """The one that a model is, if any."""
    for family, fixed in FIXED.items():
        ours = {key: value for key, value in fixed.items() if key in model}
        alike = all(model[key] == value for key, value in ours.items()) and not model.position_offset
        if alike and model.encoder == "bert" and {"embedding_size", *ours}.issuperset(model.own_blocks):
            return family
    return None


def written(described: dict, model: ModelConfig, family: str) -> dict:
    """The config.json for a model. described: the same in the common words."""
    theirs = {ours: word for word, ours in _RENAMED.get(family, {}).items()}
    named = {theirs.get(key, key): value for key, value in described.items()}
    own = {key: value for key, value in FIXED.get(family, {}).items() if key not in model}
    if family == "electra":
        own |= {"embedding_size": model.embedding_size or model.hidden_size}
    return named | own
