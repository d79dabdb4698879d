"""A folder of sentence-transformers: what its modules make of the encoder's states, as settings of feature extraction.

Source: modules.json and the modules' own config.json, as sentence-transformers 2 to 6 write them.
"""

from __future__ import annotations

from pathlib import Path

from tasklab.config.entries import Entry
from tasklab.config.yaml_source import shown
from tasklab.errors import ConfigError

MODULES = "modules.json"
_POOLING = {"cls": "first", "cls_token": "first", "mean": "mean", "mean_tokens": "mean", "max": "max",
            "max_tokens": "max", "lasttoken": "last"}  # fmt: skip
"""Their word -> model.pooling."""
_STATES = ("Transformer", "Pooling", "Normalize")


def is_sentence_model(folder: Path) -> bool:
    return (folder / MODULES).is_file()


def modules_in(folder: Path, read) -> list[Entry]:
    """The settings that the modules of this folder stand for; none, where it has no modules.

    read: path -> the JSON object or list in it. Raises: ConfigError for a module that tasklab does not have.
    """
    if not is_sentence_model(folder):
        return []
    place, modules = shown(folder / MODULES), read(folder / MODULES)
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise ConfigError(f"{place}: expected a list of modules")
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    if strange := next((kind for kind in kinds if kind not in _STATES), None):
        raise ConfigError(f"{place}: holds the module {strange!r}; {', '.join(_STATES)} are read")
    entries = [Entry("data.normalize", "Normalize" in kinds, place)]
    for kind, module in zip(kinds, modules, strict=True):
        if kind == "Pooling":
            file = folder / str(module.get("path", "")) / "config.json"
            entries.append(Entry("model.pooling", _pooling(read(file), shown(file)), shown(file)))
    own = folder / "sentence_bert_config.json"
    described = read(own) if own.is_file() else {}
    if described.get("max_seq_length"):
        entries.append(Entry("data.max_seq_length", described["max_seq_length"], shown(own)))
    if described.get("do_lower_case"):
        entries.append(Entry("tokenizer.lowercase", True, shown(own)))
        entries.append(Entry("tokenizer.strip_accents", False, shown(own)))
    return entries


def _pooling(described: dict, place: str) -> str:
    start = "pooling_mode_"
    modes = [key.removeprefix(start) for key, on in described.items() if key.startswith(start) and on]
    said = described.get("pooling_mode")
    modes += [said] if isinstance(said, str) else list(said or ())
    if len(modes) == 1 and modes[0] in _POOLING:
        return _POOLING[modes[0]]
    told = ", ".join(map(str, modes)) or "nothing"
    raise ConfigError(f"{place}: pools by {told}; one of cls, mean, max and lasttoken alone is read")
