"""The names of models, ours and plug-ins': recipes configs/<task>/<name>.yaml, backbones configs/_base/<name>.yaml."""

import dataclasses
import re
from pathlib import Path

from tasklab import plugins
from tasklab.config.yaml_source import shown
from tasklab.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]
# one line each, so that listing needs no YAML parser
_ALIASES = re.compile(r"^aliases:\s*\[(.*?)\]", re.MULTILINE)
_MARK = re.compile(r"^(default|demo):\s*(?:true|yes|on)\b", re.MULTILINE | re.IGNORECASE)
OF_CATALOG = ("aliases", "default", "demo")
"""Keys of a YAML that the catalog reads; they say nothing about a run."""


@dataclasses.dataclass(frozen=True)
class Named:
    """One YAML of the catalog."""

    name: str
    task: str | None  # None: a backbone, for any task
    description: str  # the first comment line
    aliases: tuple[str, ...]
    marks: frozenset[str]  # default: stands for its task where that alone is named; demo: what `tasklab demo` trains
    path: Path


def configs_root() -> Path:
    """The folder of the YAML files: inside the package when installed, beside it in a checkout."""
    inside = _PACKAGE / "configs"
    return inside if inside.is_dir() else _PACKAGE.parent / "configs"


def catalog() -> list[Named]:
    """Backbones first, then recipes by task. Raises ConfigError when two files claim one name or one task's default."""
    paths = [path for root in (configs_root(), *plugins.config_folders()) for path in sorted(root.glob("*/*.yaml"))]
    entries = [_named(path) for path in paths if path.parent.name == "_base" or path.parent.name[0] not in "._"]
    entries.sort(key=lambda entry: (entry.task or "", entry.name))
    owner: dict[str, Named] = {}
    for entry in entries:
        for name in (entry.name, *entry.aliases):
            if name in owner:
                places = f"{shown(owner[name].path)} and {shown(entry.path)}"
                raise ConfigError(f"the model name {name!r} is claimed twice: by {places}")
            owner[name] = entry
    for mark in ("default", "demo"):
        _one_each(entries, mark)
    return entries


def find(name: str) -> Named | None:
    """The entry with this name or alias."""
    return next((entry for entry in catalog() if name == entry.name or name in entry.aliases), None)


def list_models(task: str | None = None) -> list[dict]:
    """name, task (None for a backbone), description and path of every model, or of those that fit `task`."""
    return [
        {"name": entry.name, "task": entry.task, "description": entry.description, "path": str(entry.path)}
        for entry in catalog()
        if task is None or entry.task in (None, task)
    ]


def default_model(task: str) -> str:
    """The recipe for those who name the task alone. Raises ConfigError that lists the recipes where none is marked."""
    if task not in (defaults := marked_models("default")):
        listed = ", ".join(entry.name for entry in catalog() if entry.task == task) or "none"
        raise ConfigError(f"{task} has no default recipe, so name a model; recipes of {task}: {listed}")
    return defaults[task]


def marked_models(mark: str) -> dict[str, str]:
    """Task -> its recipe with this mark, of those that have one."""
    return {entry.task: entry.name for entry in catalog() if entry.task and mark in entry.marks}


def _one_each(entries: list[Named], mark: str):
    first: dict[str, Path] = {}
    for entry in entries:
        if mark in entry.marks and entry.task and first.setdefault(entry.task, entry.path) != entry.path:
            places = f"{shown(first[entry.task])} and {shown(entry.path)}"
            raise ConfigError(f"{entry.task} has two recipes with '{mark}: true': {places}; take it out of one")


def _named(path: Path) -> Named:
    text = path.read_text(encoding="utf-8")
    first = text.lstrip("\ufeff").partition("\n")[0]
    aliases = _ALIASES.search(text)
    return Named(
        name=path.stem,
        task=None if path.parent.name == "_base" else path.parent.name,
        description=first.lstrip("# ").strip() if first.startswith("#") else "",
        aliases=tuple(part.strip(" '\"") for part in aliases[1].split(",") if part.strip()) if aliases else (),
        marks=frozenset(_MARK.findall(text)),
        path=path,
    )
