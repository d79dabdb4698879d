"""UER-py's JSON, which it takes as --config_path: read as the keys of the model section, and written from them."""

from __future__ import annotations

from tasklab.config import uer_seq2seq
from tasklab.config.model_section import PREFIX, ModelConfig
from tasklab.errors import ConfigError

_SIZES = {
    "emb_size": "embedding_size", "hidden_size": "hidden_size", "layers_num": "num_hidden_layers",
    "max_seq_length": "max_position_embeddings", "dropout": "hidden_dropout_prob",
}  # fmt: skip
_HEADS = {"heads_num": "num_attention_heads"}
_LAYERS = {"feedforward_size": "intermediate_size", "hidden_act": "hidden_act"}
_WINDOW = {"kernel_size": "kernel_size"}
_OWN = {
    **dict.fromkeys(("rnn", "lstm", "gru"), {"bidirectional": "bidirectional"}),
    **dict.fromkeys(("birnn", "bilstm", "bigru"), {}),
    **dict.fromkeys(("cnn", "rcnn", "crnn"), _WINDOW),
    "gatedcnn": {**_WINDOW, "block_size": "block_size"},
    "attn": _HEADS,
    "synt": {**_LAYERS, "synt_type": "synthesizer", "seq_length": "max_position_embeddings"},
    "gpt": {**_HEADS, **_LAYERS, "layernorm_positioning": "norm_position"},
}
"""Encoders that are no BERT or ALBERT -> keys beside the sizes, theirs -> ours."""

_EMBEDDINGS = {"word": "word", "pos": "pos", "seg": "seg", "sinusoidalpos": "sinusoidal"}
_OLD_EMBEDDINGS = {"bert": ["word", "pos", "seg"]}
_TANH_GELU, _OUR_TANH_GELU = "gelu_fast", "gelu_new"
_INSIDE = {
    "feed_forward": ("dense",), "layernorm": ("normal",), "relative_position_embedding": (False,),
    "remove_attention_scale": (False,), "remove_transformer_bias": (False,), "has_residual_attention": (False,),
    "rotary_position_embedding": (False,), "alibi_position_embedding": (False,), "layer_number_scale": (False,),
}  # fmt: skip
_BLOCKS = {
    "encoder": ("transformer", "bert"), "mask": ("fully_visible",), "layernorm_positioning": ("post",),
    "remove_embedding_layernorm": (False,), "embedding": (["word", "pos", "seg"], "word_pos_seg", "bert"), **_INSIDE,
}  # fmt: skip
"""What it has to say, where it says something, for weights to be those of a BERT or ALBERT; _INSIDE: gpt or synt."""

_STREAMS = ("stream_0", "stream_1")
_MASKS = {"causal": None, "causal_with_prefix": PREFIX}  # of a gpt, ours
_OTHER_MEANING = ("encoder", "embedding", "target", "mask", "labels")  # keys that both have, for other things


def is_uer(described: dict) -> bool:
    return "layers_num" in described or "stream_0" in described


def read(described: dict, place: str) -> dict:
    """Its keys under HuggingFace's names and ours; where the file has those too, they count.

    Raises: ConfigError for a network whose weights are not read.
    """
    if uer_seq2seq.is_seq2seq(described):
        return uer_seq2seq.read(described, place)
    if "stream_0" in described:
        return _two_streams(described, place)
    encoder = _encoder(described)
    for key, values in (_INSIDE if encoder in ("gpt", "synt") else {} if encoder in _OWN else _BLOCKS).items():
        if described.get(key, values[0]) not in values:
            raise ConfigError(
                f"{place}: {key} is {described[key]!r}; UER-py's Transformers are read where it is {values[0]!r}. "
                "To train such a network from a random start, set its blocks in YAML"
            )
    head_size = described.get("attention_head_size")
    if head_size and head_size * described.get("heads_num", 1) != described.get("hidden_size"):
        raise ConfigError(
            f"{place}: attention_head_size is {head_size!r}; only hidden_size / heads_num, heads side by side, is read"
        )
    if described.get("factorized_embedding_parameterization") and not described.get("parameter_sharing"):
        raise ConfigError(
            f"{place}: factorized_embedding_parameterization is true without parameter_sharing; only both together, "
            "an ALBERT, are read"
        )
    if encoder in _OWN:
        ours = _renamed(described, _SIZES | _OWN[encoder]) | _embedded(described, place) | {"model_type": encoder}
        if encoder == "gpt" and (mask := _MASKS.get(described.get("mask"))):
            ours["mask"] = mask
    else:
        ours = _renamed(described, _SIZES | _HEADS | _LAYERS)
        shared = described.get("parameter_sharing")
        if not shared:
            ours.pop("embedding_size", None)
        if shared or encoder:  # before 2021 the encoder was named on the command line
            ours["model_type"] = "albert" if shared else "bert"
        ours |= {key: value for key, value in described.items() if key not in _OTHER_MEANING}
    if encoder not in _OWN or encoder in ("attn", "synt", "gpt"):
        ours.setdefault("attention_probs_dropout_prob", ours.get("hidden_dropout_prob", 0.1))
    if "tie_weights" in described:
        ours["tie_word_embeddings"] = described["tie_weights"]
    if ours.get("hidden_act") == _TANH_GELU:
        ours["hidden_act"] = _OUR_TANH_GELU
    return ours


def _two_streams(described: dict, place: str) -> dict:
    """Of run_classifier_siamese.py, whose streams are two encoders of one kind."""
    around = {key: value for key, value in described.items() if key not in (*_STREAMS, "tie_weights")}
    first, second = ({**around, **described.get(key, {})} for key in _STREAMS)
    if first != second:
        other = next(key for key in (*first, *second) if first.get(key) != second.get(key))
        raise ConfigError(f"{place}: {other} of stream_0 and of stream_1 differ; only streams of one kind are read")
    if "embedding" not in first or first.get("encoder") == "dual":
        raise ConfigError(f"{place}: stream_0 names no embedding or encoder; expected those of an encoder of one text")
    ours = read(first, f"{place}: stream_0")
    return {
        **ours, "pair_encoding": "siamese", "dual": "tied" if described.get("tie_weights") else "apart",
        "stream_norm": not first.get("remove_embedding_layernorm", False), "pooler": False,
        "pooling": ours.get("pooling", "first"),
    }  # fmt: skip


def _encoder(described: dict) -> str | None:
    """A Transformer whose tokens look back, but for those of a prefix, is a gpt, which was a name of its own until
    2021."""
    encoder = described.get("encoder")
    if encoder in ("transformer", "bert") and described.get("mask") in _MASKS:
        return "gpt"
    return encoder if isinstance(encoder, str) else None


def _renamed(described: dict, keys: dict) -> dict:
    """Under our names: these keys, and those that have one name in both programs, or are ours alone."""
    names = keys | {key: key for key in ("vocab_size", "pooling", "pooler", "layer_norm_eps")}
    return {ours: described[theirs] for theirs, ours in names.items() if theirs in described}


def _embedded(described: dict, place: str) -> dict:
    """The parts of the embeddings, where it says them."""
    settings = {"embedding_norm": not described.get("remove_embedding_layernorm", False)}
    if "embedding" not in described:
        return settings
    embedding = described["embedding"]
    names = _OLD_EMBEDDINGS.get(embedding) or embedding.split("_") if isinstance(embedding, str) else embedding
    if not isinstance(names, list) or any(part not in list(_EMBEDDINGS) for part in names):
        raise ConfigError(f"{place}: embedding is {embedding!r}; expected some of {', '.join(_EMBEDDINGS)}")
    return {"embeddings": [_EMBEDDINGS[part] for part in names], **settings}


def written(model: ModelConfig, described: dict) -> dict:
    """The JSON for a model. described: transformers' words for it, for those who read both; {} where it has none."""
    if model.has_decoder:
        return uer_seq2seq.written(model)
    if model.dual:
        one = model.copy()
        one.dual, one.stream_norm, one.pooler = None, False, True
        stream = {key: value for key, value in written(one, {}).items() if key not in ("tie_weights", "pooling")}
        around = {"embedding": ["dual"], "encoder": "dual", "dropout": model.hidden_dropout_prob}
        tied = {"pooling": model.pooled, "tie_weights": model.dual == "tied"}
        return {**dict.fromkeys(_STREAMS, stream), **around, **tied}
    kind, shared = "gpt" if model.mask == PREFIX else model.encoder, model.encoder == "albert"
    own = _OWN.get(kind)
    keys = _SIZES | (_HEADS | _LAYERS if own is None else own)
    theirs = {**described, **{name: model[ours] for name, ours in keys.items()}}
    theirs |= {
        "vocab_size": model.vocab_size, "emb_size": model.embedding_size or model.hidden_size, "pooling": model.pooled,
        "embedding": [name for name, ours in _EMBEDDINGS.items() if ours in model.embeddings],
        "layer_norm_eps": model.layer_norm_eps,
    }  # fmt: skip
    if not model.pooler:
        theirs["pooler"] = False  # ours alone: there, each script has its own
    if "hidden_act" in keys and model.hidden_act == _OUR_TANH_GELU:
        theirs["hidden_act"] = _TANH_GELU
    if own is not None:
        prefix, norm = model.mask == PREFIX, {"remove_embedding_layernorm": not model.embedding_norm}
        mask = {"mask": "causal_with_prefix" if prefix else "causal", "tie_weights": model.tie_word_embeddings}
        named = {"encoder": "transformer", **mask} if kind == "gpt" else {"encoder": kind}
        return theirs | named | norm | {"target": ["lm"], "data_processor": "prefixlm" if prefix else "lm"}
    return theirs | {
        "data_processor": "bert",
        "encoder": "transformer",
        "mask": "fully_visible",
        "target": ["mlm", "sp"],
        "tie_weights": model.tie_word_embeddings,
        "factorized_embedding_parameterization": shared,
        "parameter_sharing": shared,
    }
