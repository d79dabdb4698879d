"""From a name or a path to weights: look-up order, checks, and an error that says what to put where."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.config.absent import beside
from tasklab.content import from_home
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError, UnknownName
from tasklab.registry import unknown_name
from tasklab.weights.adapters import Beside, adapters_in, digest_of, merged
from tasklab.weights.catalogue import NamedWeights, named_weights, read_entry
from tasklab.weights.download import NotHere
from tasklab.weights.fetch import fetch
from tasklab.weights.folder import WEIGHTS, verify_folder
from tasklab.weights.hub import hub_folder, is_hub_name, kept_at, kept_folder
from tasklab.weights.source import SUFFIXES, WeightSource, read_alone, source_at, weights_in, why_not
from tasklab.weights.sums import SUMS, plain_name
from tasklab.weights.tensors import LazyTensor

__all__ = ["WeightSource", "named_weights", "read_source", "resolve"]

logger = logging.getLogger("tasklab")


def resolve(name_or_path, say: Callable[[str], None] = logger.info) -> WeightSource:
    """Finds weights: a folder or a file of any program in `tables`, a name, or `hf:owner/name@revision`.

    A name is looked up in $TASKLAB_CHECKPOINTS, ./checkpoints and the cache; then its listed sources are fetched into
    the cache, where only files with the listed checksum are let in, or where none is listed with the hub's own.
    say: gets progress lines.
    Raises: UnknownName; CheckpointError that lists every place, and the files to put there.
    """
    text = os.fspath(name_or_path)
    if is_hub_name(text):
        return source_at(text, weights_in(hub_folder(text, say)))
    if text not in named_weights() and not is_placed(text):
        return _from_path(text)
    looked: list[str] = []
    for label, folder in _places(text):
        if folder is None or not weights_in(folder):
            looked.append(f"{label}: {why_not(folder)}")
        else:
            return source_at(text, weights_in(folder), _compared(text, folder))
    entry = read_entry(text)
    if not entry.listed:
        return source_at(text, weights_in(_kept(entry, looked, say)))
    cache = cache_dir() / "weights" / text
    if not _cache_holds(entry, cache):
        looked.append(f"{cache}: {'damaged, not used' if weights_in(cache) else why_not(cache)}")
        failures = fetch(entry, cache, say)
        if failures:
            raise CheckpointError(_nothing_found(entry, looked + failures))
    return source_at(text, weights_in(cache))


def read_source(
    source: WeightSource, head: str | None = None, trusted: bool = False, apart: bool = False
) -> tuple[dict[str, LazyTensor], Path | None, list[str]]:
    """As `source.read_alone`, whose arguments and errors these are; adapters and what they stand beside are one model.

    apart: the adapters' own matrices stay such, beside the weights that they change.
    """
    tensors, vocabulary, notes = read_alone(source, head, trusted)
    adapters = adapters_in(source.folder)
    if adapters is None:
        return tensors, vocabulary, notes
    base = _base_of(adapters, source.folder)
    below, _, base_notes = read_source(base, head)
    below = {name: tensor for name, tensor in below.items() if name not in adapters.left_out}
    whole = below | tensors if apart else merged(below, tensors, adapters.scale)
    return whole, vocabulary, [*notes, *base_notes, f"{source.folder.name} holds what was trained beside {base.name}"]


def _base_of(adapters: Beside, folder: Path) -> WeightSource:
    """The weights that stood still, where they were or among those placed by name, if they are the same."""
    places = dict.fromkeys((adapters.base, Path(adapters.base).name))
    looked = []
    for place in places:
        try:
            source = resolve(place)
        except (CheckpointError, UnknownName) as error:
            looked.append(str(error).partition("\n")[0])
            continue
        if digest_of(source) == adapters.sha256:
            return source
        looked.append(f"{place}: other weights than those (SHA-256 {adapters.sha256} expected)")
    raise CheckpointError(
        f"{folder}: holds adapters alone, and the weights beside which they were trained are gone. Looked at:\n  "
        + "\n  ".join(looked)
        + f"\nPut them back to {adapters.base}, or into {Path('checkpoints', Path(adapters.base).name)}/"
    )


def is_placed(name: str) -> bool:
    """Whether a user put weights where they are looked up by this name."""
    return not _is_path(name) and any(folder is not None and weights_in(folder) for _, folder in _places(name))


def _places(name: str) -> list[tuple[str, Path | None]]:
    """(how to call it, folder or None) of the places where a user puts weights, first one first."""
    chosen = os.environ.get("TASKLAB_CHECKPOINTS")
    ours = from_home(chosen) / name if chosen else None
    return [
        (str(ours) if ours else "$TASKLAB_CHECKPOINTS", ours),
        (str(Path("checkpoints", name)), Path("checkpoints", name)),
    ]


def _is_path(text: str) -> bool:
    try:
        return bool(plain_name(text, "")) and text.endswith(SUFFIXES)
    except CheckpointError:
        return True


def _from_path(text: str) -> WeightSource:
    path = from_home(text)
    path = path if path.name else path.resolve()  # "." has no name that a suffix could go with
    if path.is_file():
        return source_at(text, path)
    bundle = path.with_name(path.name + ".index")  # TensorFlow's users name a checkpoint without its suffix
    if bundle.is_file():
        return source_at(text, bundle)
    if path.is_dir() and (file := weights_in(path)):
        return source_at(text, file)
    if path.is_dir():
        raise CheckpointError(f"{path}: {why_not(path)}")
    if _is_path(text):
        raise CheckpointError(f"{path}: no such file or folder of weights{beside(path)}")
    raise unknown_name("weights or checkpoint", text, {*named_weights(), *_placed_names()})


def _placed_names() -> list[str]:
    roots = [folder.parent for _, folder in _places("any") if folder]
    return [entry.name for root in roots for entry in root.glob("*/") if weights_in(entry)]


def _compared(name: str, folder: Path) -> tuple[str, ...]:
    """Notes on the files a user placed under a listed name: theirs count, but a difference is told."""
    if name not in named_weights() or (folder / SUMS).is_file():
        return ()
    listed = [(file.name, file.sha256) for file in read_entry(name).files if file.sha256]
    differ = [file for file, digest in listed if (folder / file).is_file() and file_sha256(folder / file) != digest]
    return (f"{folder}: {', '.join(differ)} differ from the listed {name}; yours are used",) if differ else ()


def _kept(entry: NamedWeights, looked: list[str], say: Callable[[str], None]) -> Path:
    """The folder with weights for whose checksums the hub's word counts."""
    repository, revision = entry.sources[0]["hub"], entry.sources[0]["revision"]
    listed = {file.name: file.sha256 for file in entry.files if file.sha256}
    try:
        return kept_folder(entry.name, repository, revision, say, listed)
    except NotHere as error:
        cache = kept_at(repository, revision)
        looked += [f"{cache}: {'damaged, not used' if weights_in(cache) else why_not(cache)}"]
        looked += [f"HuggingFace hub {repository}: {error}"]
        raise CheckpointError(_nothing_found(entry, looked)) from error


def _cache_holds(entry: NamedWeights, cache: Path) -> bool:
    """Whether the cache holds the listed files unharmed; what does not pass is fetched again."""
    try:
        return verify_folder(cache) == {file.name: file.sha256 for file in entry.files}
    except CheckpointError:
        return False


def _nothing_found(entry: NamedWeights, looked: list[str]) -> str:
    repository = next((source["hub"] for source in entry.sources if "hub" in source), None)
    lines = [f"no weights for {entry.name!r} ({entry.description}). Looked at:", *(f"  {line}" for line in looked)]
    lines += [f"Put these files into {Path('checkpoints', entry.name)}/ or $TASKLAB_CHECKPOINTS/{entry.name}/:"]
    for file in entry.files:
        facts = [f"{file.size} bytes" if file.size else "", f"SHA-256 {file.sha256}" if file.sha256 else ""]
        other = " (or pytorch_model.bin)" if file.name == WEIGHTS and not file.sha256 else ""
        lines.append(f"  {file.name}{other}  {', '.join(filter(None, facts))}".rstrip())
    if repository:
        lines += [
            f"They are at https://huggingface.co/{repository}. Where that or a mirror (HF_ENDPOINT) can be reached,",
            f"{entry.name} is fetched by itself, as any model is by its name there: checkpoint=hf:{repository}",
        ]
    return "\n".join(lines)
