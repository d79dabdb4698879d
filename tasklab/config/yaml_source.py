"""The one reader of YAML: located nodes with file:line, or plain values; nothing executed, size and depth bounded."""

import dataclasses
import os
from pathlib import Path

from tasklab.content import open_regular
from tasklab.errors import ConfigError, brief

MAX_BYTES = 1 << 20  # a config is a few KiB
MAX_VALUES = 10_000  # after aliases are expanded, so that a "billion laughs" file ends early
MAX_DEPTH = 20
_SAFE_TAGS = {f"tag:yaml.org,2002:{name}" for name in "null bool int float str timestamp map seq".split()}


@dataclasses.dataclass(frozen=True)
class Located:
    """A value and where it stands: None, text, a dict of key -> Located, or a list of Located."""

    value: object
    place: str


def shown(path) -> str:
    """The path as messages print it: relative when it is below the current folder."""
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith("..") else relative


def read(path) -> Located:
    """The top mapping of one file. Raises ConfigError with file:line; all duplicate keys and tags are listed."""
    text = read_text(path)
    name = shown(path)
    node = parse(text, lambda line: f"{name}:{line}")
    if node.value is None:
        return Located({}, node.place)
    if not isinstance(node.value, dict):
        raise ConfigError(f"{node.place}: expected 'key: value' lines at the top of a config")
    return node


def read_text(path) -> str:
    """A small UTF-8 file. Raises ConfigError when it is missing, larger than 1 MiB or not text."""
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: NUL in a name
        raise ConfigError(f"{shown(path)}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{shown(path)}: larger than 1 MiB, so this is no config file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown(path)}:{line}: not UTF-8 text; save the file as UTF-8") from None


def parse(text: str, place_of) -> Located:
    """YAML text as located nodes; `place_of(line)` names a line counted from 1."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(f"{place_of(mark.line + 1 if mark else 1)}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, yaml.YAMLError) else "nested too deeply"
        raise ConfigError(f"{place_of(1)}: not valid YAML: {reason}") from None
    if root is None:
        return Located(None, place_of(1))
    reader = _Reader(place_of)
    located = reader.convert(root, 0, place_of(root.start_mark.line + 1))
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    return located


def values(text: str, place_of):
    """YAML text as plain values, of YAML's own types; bounded and told as `parse` does."""
    import yaml

    parse(text, place_of)
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # a day that no month has, a number of thousands of digits
        raise ConfigError(f"{place_of(1)}: not valid YAML: {' '.join(str(error).split())}") from None


class _Reader:
    """Turns composed nodes into Located ones, counting values and collecting problems."""

    def __init__(self, place_of):
        self.place_of, self.problems, self.values = place_of, [], 0

    def convert(self, node, depth: int, place: str) -> Located:
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            limit = f"{MAX_VALUES} values" if depth <= MAX_DEPTH else f"{MAX_DEPTH} levels"
            raise ConfigError(f"{place}: more than {limit} once aliases are expanded, so this is no config file")
        if node.tag not in _SAFE_TAGS:
            self.problems.append(f"{place}: the tag {brief(node.tag)} is not allowed; write a plain value")
            return Located(None, place)
        if node.id == "mapping":
            return Located(self._mapping(node, depth, place), place)
        if node.id == "sequence":
            items = [self.convert(item, depth + 1, self._place(item)) for item in node.value]
            return Located(items, place)
        return Located(None if node.tag.endswith(":null") else node.value, place)

    def _mapping(self, node, depth: int, place: str) -> dict:
        mapping = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if key_node.id != "scalar" or key_node.tag.endswith(":merge"):
                self.problems.append(f"{place}: keys are plain words; merge keys are not read, use 'base:' instead")
                continue
            key = key_node.value
            if key in mapping:
                self.problems.append(f"{place}: key {brief(key)} is given twice, first at {mapping[key].place}")
                continue
            mapping[key] = self.convert(value_node, depth + 1, place)
        return mapping

    def _place(self, node) -> str:
        return self.place_of(node.start_mark.line + 1)


def is_yaml(path) -> bool:
    return Path(path).suffix.lower() in (".yaml", ".yml")
