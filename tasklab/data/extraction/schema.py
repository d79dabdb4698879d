"""What is asked about a text, as PaddleNLP's Taskflow writes it: types, and below each what its spans are asked."""

import re
from collections.abc import Mapping
from string import Formatter
from typing import NamedTuple

from tasklab.data.files.problems import shortened
from tasklab.data.files.textfile import encodable
from tasklab.errors import ConfigError

FORMS = (
    'a list of types ["人物", "地点"], {"人物": ["父亲"]} with what is asked about each span of a type, '
    'or {"情感倾向[正向,负向]": []} with options'
)
COMMA = re.compile("[,，]")
TRIGGERS = ("触发词", "trigger")
"""How the name of a type ends whose spans are events, not things."""


class Node(NamedTuple):
    """A type, a predicate or an argument, and what is asked about each span that answers it."""

    name: str
    below: tuple["Node", ...] = ()

    @property
    def has_options(self) -> bool:
        return has_options(self.name)

    @property
    def is_event(self) -> bool:
        return bool(self.below) and self.name.lower().endswith(TRIGGERS)


def schema_of(value, place: str = "data.schema") -> tuple[Node, ...]:
    """Raises: ConfigError for another shape, an empty name, one that is there twice."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping):
        value = [{name: below} for name, below in value.items()]
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{place} is {shortened(str(value))}; expected {FORMS}")
    nodes = []
    for i, item in enumerate(value):
        if isinstance(item, Mapping) and item:
            nodes += [Node(_name(name, place), _below(below, f"{place}.{name}")) for name, below in item.items()]
        elif isinstance(item, str):
            nodes.append(Node(_name(item, place)))
        else:
            raise ConfigError(f"{place}[{i}] is {shortened(str(item))}; expected {FORMS}")
    names = [node.name for node in nodes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"{place} asks for {twice!r} twice; put all that is asked about it into one list")
    return tuple(nodes)


def _below(value, place: str) -> tuple[Node, ...]:
    return schema_of(value, place) if value not in (None, "") else ()


def _name(name, place: str) -> str:
    if not isinstance(name, str) or not name.strip() or not encodable(name):
        raise ConfigError(f"{place}: {name!r} is no name of a type; expected {FORMS}")
    if wrong := _wrong_options(name.strip()):
        raise ConfigError(f"{place}: {name!r} {wrong}; write them as in 情感倾向[正向,负向], or take the brackets away")
    return name.strip()


def _wrong_options(name: str) -> str:
    """What is wrong with the options that end a name, or ''."""
    if name.count("[") > name.count("]"):
        return "opens options and does not close them"
    if not has_options(name):
        return ""
    options = [option.strip() for option in COMMA.split(name[name.rindex("[") + 1 : -1])]
    if options == [""]:
        return "has no options"
    if "" in options:
        return "has an empty option"
    return "has an option twice" if len(set(options)) < len(options) else ""


def tree_of(nodes) -> list:
    """The schema as a configuration holds it."""
    return [{node.name: tree_of(node.below)} if node.below else node.name for node in nodes]


def wording_problem(wording: str) -> str:
    """What is wrong with how a prompt about a relation is worded, or ''."""
    try:
        fields = [name for _, name, _, _ in Formatter().parse(wording) if name is not None]
    except ValueError as error:
        fields = [str(error)]
    if sorted(fields) == ["predicate", "subject"]:
        return ""
    return f"{wording!r} needs {{subject}} and {{predicate}}, each once, as in {{subject}}的{{predicate}}"


def worded(wording: str, subject: str, predicate: str) -> str:
    """The prompt about a relation; options stand behind all else, however it is worded."""
    name, options = predicate, ""
    if has_options(predicate):
        at = predicate.rindex("[")
        name, options = predicate[:at], predicate[at:]
    return wording.format(subject=subject, predicate=name) + options


def has_options(prompt: str, subject: str | None = None) -> bool:
    """Whether a prompt looks as if its answer were one of the options in it, as in 情感倾向[正向,负向].

    Brackets that end the subject it is about, as those of city of fox [3], are none.
    """
    prompt = prompt.rstrip()
    return prompt.endswith("]") and "[" in prompt and not (subject and prompt.endswith(subject.rstrip()))
