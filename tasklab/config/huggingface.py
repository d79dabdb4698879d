"""Settings from a model folder of HuggingFace, google-research/bert or UER-py: its JSON, and what lies beside it."""

import json
from pathlib import Path

from tasklab.config import uer
from tasklab.config.entries import Entry
from tasklab.config.model_section import ModelConfig
from tasklab.config.yaml_source import read_text, shown
from tasklab.errors import ConfigError

ROBERTA = ("roberta", "xlm-roberta", "camembert")
ALIKE = (*ROBERTA, "bert", "albert", "ernie")
"""Values of model_type whose networks are ours."""
TOKENIZER_FILES = (("wordpiece", "vocab.txt"), ("sentencepiece", "spiece.model"), ("bpe", "merges.txt"))
"""The tokenizer that a file beside the weights belongs to, first match first."""


def read_foreign(folder: Path, name: str) -> list[Entry]:
    """The model section from config.json, whose keys are ours, and the casing from tokenizer_config.json."""
    place, content = shown(folder / name), _json(folder / name)
    described = uer.read(content, place) if uer.is_uer(content) else _ours(content, place)
    known = [key for key in ModelConfig().keys() if described.get(key) is not None and key != "labels"]
    entries = [Entry(f"model.{key}", described[key], place) for key in known]
    if _has_class_names(described):
        entries.append(Entry("model.labels", _class_names(described["id2label"], place), place))
    else:
        entries += labels_beside(folder)
    family = described.get("model_type", "bert")
    if "model_type" in described:
        bert = family in (*ROBERTA, "ernie")
        entries.append(Entry("model.encoder", "bert" if bert else family, place))
    if family in ROBERTA:  # it numbers real tokens behind the row of the padding
        entries.append(Entry("model.position_offset", described.get("pad_token_id", 1) + 1, place))
    for key in ("num_hidden_groups", "inner_group_num"):
        if described.get(key, 1) != 1:
            raise ConfigError(f"{place}: {key} is {described[key]!r}; only 1, one shared layer, is supported")
    positions = described.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise ConfigError(f"{place}: position_embedding_type is {positions!r}; only 'absolute' is supported")
    for name, file in TOKENIZER_FILES:
        if (folder / file).is_file():
            entries.append(Entry("tokenizer.name", name, shown(folder / file)))
            break
    tokenizer = folder / "tokenizer_config.json"
    if tokenizer.is_file() and (lowercase := _json(tokenizer).get("do_lower_case")) is not None:
        entries.append(Entry("tokenizer.lowercase", lowercase, shown(tokenizer)))
    return entries


def _ours(described: dict, place: str) -> dict:
    """What the file says. Raises: ConfigError for a network that is none of ours."""
    family = described.get("model_type", "bert")
    if family not in ALIKE:
        raise ConfigError(f"{place}: model_type is {family!r}; no network of tasklab; read are {', '.join(ALIKE)}")
    for key in ("is_decoder", "is_encoder_decoder", "add_cross_attention"):
        if described.get(key):
            raise ConfigError(f"{place}: {key} is true; only encoders, whose tokens see the whole row, are read")
    if "stream_0" in described or described.get("encoder") == "dual":
        raise ConfigError(f"{place}: UER-py's networks of two encoders (stream_0, stream_1) are not read")
    return described


def labels_beside(folder: Path) -> list[Entry]:
    """The names of the classes from the labels.json that tasklab writes for programs without a place for them."""
    file = folder / "labels.json"
    if not file.is_file():
        return []
    try:
        labels = json.loads(read_text(file))
    except ValueError as error:
        raise ConfigError(f"{shown(file)}: not valid JSON: {error}") from None
    return [Entry("model.labels", labels, shown(file))]


def _has_class_names(described: dict) -> bool:
    """Whether the file is one of a classifier: every configuration may carry the default names LABEL_0 and LABEL_1."""
    return bool(described.get("id2label")) and any("Classification" in a for a in described.get("architectures") or ())


def _class_names(id2label, place: str) -> list[str]:
    try:
        numbered = {int(number): str(name) for number, name in id2label.items()}
        return [numbered[i] for i in range(len(numbered))]
    except (AttributeError, ValueError, KeyError):
        raise ConfigError(f"{place}: id2label is {id2label!r}; expected a name for each number from 0") from None


def _json(path: Path) -> dict:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{shown(path)}:{error.lineno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise ConfigError(f"{shown(path)}: nested too deeply, so this is no config file") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{shown(path)}: expected one object {{...}}")
    return content
