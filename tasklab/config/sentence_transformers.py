"""A folder of sentence-transformers: what its modules make of the encoder's states, as settings of feature extraction.

Source: modules.json and the modules' own config.json, as sentence-transformers 2 to 6 write them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tasklab.config.entries import Entry
from tasklab.config.model_section import ModelConfig
from tasklab.config.yaml_source import shown
from tasklab.errors import ConfigError, brief

MODULES, DENSE = "modules.json", "2_Dense"
_ORDER = ("Transformer", "Pooling", "Dense", "Normalize")
_POOLING = {
    "cls": "first", "cls_token": "first", "max": "max", "max_tokens": "max", "mean": "mean", "mean_tokens": "mean",
    "mean_sqrt_len_tokens": "mean_sqrt_len", "weightedmean": "weightedmean", "weightedmean_tokens": "weightedmean",
    "lasttoken": "last",
}  # fmt: skip
"""Their word -> model.pooling, in the order in which the older form puts several side by side."""
ACTS = {"Tanh": "tanh", "Identity": "linear", "ReLU": "relu", "GELU": "gelu", "SiLU": "silu"}
"""torch's class -> model.dense_act."""


def dense_of(folder: Path, read: Callable) -> Path | None:
    """Where the weights of a Dense lie, if there is one. read: path -> what lies in a JSON file."""
    return next((folder / path for kind, path in _listed(folder, read) if kind == "Dense" and _plain(path)), None)


def modules_in(folder: Path, read: Callable) -> list[Entry]:
    """The settings that the modules of this folder stand for; none, where it has no modules.

    read: path -> what lies in a JSON file. Raises: ConfigError for what tasklab does not have.
    """
    modules = _modules(folder, read)
    if not modules:
        return []
    place = shown(folder / MODULES)
    _refuse_prompt(folder / "config_sentence_transformers.json", read)
    pooling = modules["Pooling"] / "config.json"
    first, *more = poolings(read(pooling), shown(pooling))
    entries = [
        Entry("data.normalize", "Normalize" in modules, place), Entry("model.pooling", first, shown(pooling)),
        Entry("model.pooling_beside", more, shown(pooling)), *_rows(folder, read),
    ]  # fmt: skip
    if "Dense" in modules:
        dense = modules["Dense"] / "config.json"
        entries += _dense(read(dense), shown(dense))
    return entries


def _modules(folder: Path, read: Callable) -> dict[str, Path]:
    """Kind of each module -> its folder; {} where there is none beside a Transformer. Raises: ConfigError."""
    listed, place = _listed(folder, read), shown(folder / MODULES)
    kinds, paths = [kind for kind, _ in listed], [path for _, path in listed]
    if kinds in ([], ["Transformer"]):  # a cross-encoder, or an encoder alone
        return {}
    acting = [kind for kind in kinds if kind != "Dropout"]
    if acting != [kind for kind in _ORDER if kind in acting] or kinds[:2] != list(_ORDER[:2]):
        raise ConfigError(
            f"{place}: holds the modules {', '.join(kinds[:9])}; read are {', '.join(_ORDER)}, in this order"
        )
    if odd := next((path for path in paths if path and not _plain(path)), paths[0]):
        raise ConfigError(f"{place}: a module lies in {brief(odd)}; the Transformer has to lie beside this file")
    return {kind: folder / path for kind, path in listed}


def _listed(folder: Path, read: Callable) -> list[tuple[str, str]]:
    """(kind, path) of each module."""
    if not (folder / MODULES).is_file():
        return []
    modules = read(folder / MODULES)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise ConfigError(f"{shown(folder / MODULES)}: expected a list of modules")
    return [(str(module.get("type", "")).rpartition(".")[2], str(module.get("path", ""))) for module in modules]


def _plain(path: str) -> bool:
    """Whether it names a folder beside the file that names it."""
    return path not in ("", "..") and path == Path(path).name


def written(model: ModelConfig, lowercase: bool, data: dict) -> dict[str, object]:
    """File -> JSON that make a folder of transformers one of sentence-transformers, but for the weights of a Dense.

    data: normalize and max_seq_length, where they are known.
    """
    kinds = ["Transformer", "Pooling", *["Dense"] * bool(model.dense_size)]
    kinds += ["Normalize"] * data.get("normalize", True)
    places = [f"{n}_{kind}" if n else "" for n, kind in enumerate(kinds)]
    modules = [
        {"idx": n, "name": str(n), "path": place, "type": f"sentence_transformers.models.{kind}"}
        for n, (kind, place) in enumerate(zip(kinds, places, strict=True))
    ]
    ours = [model.pooled, *model.pooling_beside]
    older = {word: kind for word, kind in _POOLING.items() if word.endswith(("token", "tokens"))}
    if ours == [kind for kind in older.values() if kind in ours]:
        pooling = {f"pooling_mode_{word}": kind in ours for word, kind in older.items()}
    else:  # another order than theirs: release 6 alone reads it
        words = {kind: word for word, kind in reversed(_POOLING.items())}
        pooling = {"pooling_mode": [words[kind] for kind in ours]}
    files = {
        MODULES: modules, "1_Pooling/config.json": {"word_embedding_dimension": model.hidden_size, **pooling},
        "sentence_bert_config.json": {"max_seq_length": data.get("max_seq_length"), "do_lower_case": lowercase},
    }  # fmt: skip
    if model.dense_size:
        act = {ours: name for name, ours in ACTS.items()}[model.dense_act]
        files[f"{DENSE}/config.json"] = {
            "in_features": len(ours) * model.hidden_size, "out_features": model.dense_size, "bias": True,
            "activation_function": f"torch.nn.{act}",
        }  # fmt: skip
    return files


def poolings(described: dict, place: str) -> list[str]:
    """model.pooling, and what stands beside it, of a Pooling's config.json. Raises: ConfigError."""
    pooling, start = described.get("pooling_mode"), "pooling_mode_"
    if pooling is None:
        pooling = [mode for mode in _POOLING if described.get(start + mode)] or ["mean"]
    modes = pooling if isinstance(pooling, list) else [pooling]
    if strange := next((mode for mode in modes if mode not in _POOLING), None):
        raise ConfigError(f"{place}: pools by {brief(strange)}; expected {', '.join(_POOLING)}")
    return [_POOLING[mode] for mode in modes]


def _dense(described: dict, place: str) -> list[Entry]:
    act = str(described.get("activation_function", "torch.nn.Tanh"))
    module, _, name = act.rpartition(".")
    if name not in ACTS or not module.startswith("torch."):
        raise ConfigError(f"{place}: activation_function is {brief(act)}; expected {', '.join(ACTS)} of torch.nn")
    for key, plain in (("use_residual", (False, None)), ("module_input_name", ("sentence_embedding", None))):
        if described.get(key) not in plain:
            raise ConfigError(f"{place}: {key} is {brief(described[key])}; only {plain[0]!r} is read")
    size = described.get("out_features")
    return [Entry("model.dense_size", size, place), Entry("model.dense_act", ACTS[name], place)]


def _rows(folder: Path, read: Callable) -> list[Entry]:
    """The length of a row, and whether letters are lowered before the tokenizer sees them."""
    files = ("sentence_bert_config.json", "tokenizer_config.json", "config.json")
    own, tokenizer, encoder = (read(folder / name) if (folder / name).is_file() else {} for name in files)
    place, entries = shown(folder / files[0]), []
    longest = [own.get("max_seq_length") or tokenizer.get("model_max_length"), encoder.get("max_position_embeddings")]
    if lengths := [length for length in longest if type(length) is int]:
        entries.append(Entry("data.max_seq_length", min(lengths), place))
    if own.get("do_lower_case"):
        entries.append(Entry("tokenizer.lowercase", True, place))
        if tokenizer.get("do_lower_case") is False and tokenizer.get("strip_accents") is None:
            entries.append(Entry("tokenizer.strip_accents", False, place))  # lowered, and then read as cased
    return entries


def _refuse_prompt(file: Path, read: Callable) -> None:
    described = read(file) if file.is_file() else {}
    name, prompts = described.get("default_prompt_name"), described.get("prompts")
    if name is not None and not (isinstance(prompts, dict) and isinstance(name, str) and prompts.get(name) == ""):
        raise ConfigError(
            f"{shown(file)}: default_prompt_name is {brief(name)}, whose words go before every text; put them into the "
            "texts, and set default_prompt_name to null"
        )
