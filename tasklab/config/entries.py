"""Where settings come from: every source becomes a flat list of entries, each a dotted key, a value and its place."""

import dataclasses
import enum
from collections.abc import Iterable, Mapping

from tasklab.config import texts, yaml_source
from tasklab.config.section import Section
from tasklab.errors import ConfigError, brief

WHOLE = "schema"
"""The last word of a key whose value is a tree of the user's own names, not of settings."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One setting as somebody wrote it."""

    key: str  # dotted; an item of a list of mappings is named by its `type`: callbacks.CheckpointMonitor.prefix
    value: object  # None, text, a number, a bool, or a list of these; YAML scalars stay text until the type is known
    place: str  # "file.yaml:4", "override 'train.epochs=3'", "args"


def from_file(path) -> list[Entry]:
    """Entries of one YAML file, base and aliases included. Raises ConfigError with file:line for each problem."""
    return _flatten(yaml_source.read(path))


def from_mapping(mapping: Mapping, place: str) -> list[Entry]:
    """Entries of a nested or dotted dictionary."""
    return _flatten(_located(mapping, place))


def from_overrides(overrides) -> list[Entry]:
    """Entries of "a.b=c" texts and nested or dotted dictionaries, one or a list; a place repeats what was given."""
    entries, problems = [], []
    for text in [overrides] if isinstance(overrides, (str, Mapping)) else overrides or ():
        if isinstance(text, Mapping):
            flat = _flatten(_located(text, "override"))
            entries += [dataclasses.replace(entry, place=f"override '{entry.key}={entry.value}'") for entry in flat]
            continue
        key, equals, value = str(text).partition("=")
        place = f"override '{text}'"
        if not equals or not key.strip():
            problems.append(f"{place}: expected key=value, such as train.epochs=3")
            continue
        try:
            node = _override_value(value.strip(), place)
        except ConfigError as error:
            problems.append(str(error))
            continue
        entries += _flatten(yaml_source.Located({key.strip().lstrip("-"): node}, place))
    if problems:
        raise ConfigError("\n".join(problems))
    return entries


def from_args(args) -> list[Entry]:
    """Entries of a dictionary, a config, or an arguments object (a dataclass: the fields that differ from defaults)."""
    if isinstance(args, Section):
        args = args.to_dict()
    elif dataclasses.is_dataclass(args):
        args = {f.name: getattr(args, f.name) for f in dataclasses.fields(args) if not _is_default(f, args)}
    elif not isinstance(args, Mapping) and hasattr(args, "__dict__"):
        args = {key: value for key, value in vars(args).items() if value is not None and not key.startswith("_")}
    if not isinstance(args, Mapping):
        raise ConfigError(f"args is {args!r}; expected a YAML file, a dictionary or an arguments object")
    return from_mapping(args, "args")


def _is_default(field, args) -> bool:
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    value = getattr(args, field.name, default)
    return value is None or value == default or (not value and not default)  # "" that became [], None that became False


def _override_value(text: str, place: str):
    if text[:1] in ("[", "{", '"', "'"):
        try:
            return yaml_source.parse(text, lambda line: place)
        except ConfigError as error:
            raise ConfigError(f"{error}; {needs_quotes(text[0])}") from None
    return yaml_source.Located(None if text.lower() in ("", "~", "null", "none") else text, place)


def needs_quotes(first: str) -> str:
    """What to do where YAML takes a text for something else, of which `first` is the first character."""
    listed = """texts of a list may need quotes: 'KEY=["...", "..."]'; """ if first == "[" else ""
    return f"""{listed}a text that begins with {first} needs quotes of its own: 'KEY="{first}..."'"""


def _located(value, place: str):
    value = value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, Mapping):
        return yaml_source.Located(_mapping(value, place), place)
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return yaml_source.Located([_located(item, place) for item in value], place)
    return yaml_source.Located(value, place)


def _mapping(value: Mapping, place: str) -> dict:
    located = {}
    for key, item in value.items():
        try:
            plain = texts.name(key)
        except ValueError as error:
            wrong = error if isinstance(error, texts.NoName) else f" is {brief(key)}; expected text"
            raise ConfigError(f"{place}: a key{wrong}") from None
        if plain in located:
            raise ConfigError(f"{place}: key {brief(plain)} is given twice, as text and as a number")
        located[plain] = _located(item, place)
    return located


def _flatten(node, prefix: str = "") -> list[Entry]:
    named = None if prefix.rpartition(".")[2] == WHOLE else _items(node.value)
    if named is None or not (named or prefix):
        return [] if not prefix else [Entry(prefix, _plain(node), node.place)]
    return [entry for key, item in named for entry in _flatten(item, f"{prefix}.{key}" if prefix else key)]


def _items(value):
    """(name, node) pairs below a mapping or a list of mappings; None for a value."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list) and value and all(isinstance(item.value, dict) for item in value):
        names = [item.value["type"].value if "type" in item.value else i for i, item in enumerate(value)]
        return [(str(name), item) for name, item in zip(names, value, strict=True)]
    return None


def _plain(node):
    if isinstance(node.value, dict):
        return {key: _plain(item) for key, item in node.value.items()}
    return [_plain(item) for item in node.value] if isinstance(node.value, list) else node.value
