"""From a name or a path to weights: look-up order, checks, and an error that says what to put where."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tasklab.cachedir import cache_dir
from tasklab.config.huggingface import TOKENIZER_FILES
from tasklab.digest import file_sha256
from tasklab.errors import CheckpointError
from tasklab.registry import unknown_name
from tasklab.weights.catalogue import NamedWeights, named_weights, read_entry
from tasklab.weights.containers import open_weights
from tasklab.weights.fetch import fetch
from tasklab.weights.files import read_header, read_index
from tasklab.weights.folder import WEIGHTS, read_json, verify_folder
from tasklab.weights.sums import SUMS, plain_name
from tasklab.weights.tables import FORMATS, detect, to_tasklab
from tasklab.weights.tensors import check_finite

__all__ = ["WeightSource", "named_weights", "read_source", "resolve"]

INDEX = WEIGHTS + ".index.json"
HF_CONFIG = "config.json"

logger = logging.getLogger("tasklab")


@dataclass(frozen=True)
class WeightSource:
    """Weights that were found. `file` is the safetensors file, or the index of several; `format` a name in FORMATS."""

    name: str
    folder: Path
    format: str
    file: Path
    notes: tuple[str, ...] = ()

    @property
    def vocabulary(self) -> Path | None:
        """The tokenizer's file beside the weights: vocab.txt, spiece.model, or merges.txt with vocab.json."""
        paths = (self.folder / file for _, file in TOKENIZER_FILES)
        return next((path for path in paths if path.is_file()), None)

    @property
    def config(self) -> dict | None:
        """config.json of a HuggingFace folder."""
        path = self.folder / HF_CONFIG
        return read_json(path) if path.is_file() else None


def resolve(name_or_path, say: Callable[[str], None] = logger.info) -> WeightSource:
    """Finds weights: a folder (tasklab's or HuggingFace's), one .safetensors file, or a name.

    A name is looked up in $TASKLAB_CHECKPOINTS, ./checkpoints and the cache; then its listed sources are fetched into
    the cache, where only files with the listed checksum are let in.
    say: gets progress lines.
    Raises: UnknownName; CheckpointError that lists every place, and the files to put there.
    """
    text = os.fspath(name_or_path)
    if text not in named_weights() and (_is_path(text) or not _usable(_places(text))):
        return _from_path(text)
    looked: list[str] = []
    for label, folder in _places(text):
        if folder is None or not _weights_in(folder):
            looked.append(f"{label}: {_why_not(folder)}")
        else:
            return _source(text, folder, _weights_in(folder), _compared(text, folder))
    entry, cache = read_entry(text), cache_dir() / "weights" / text
    if not _cache_holds(entry, cache):
        looked.append(f"{cache}: {'damaged, not used' if _weights_in(cache) else _why_not(cache)}")
        failures = fetch(entry, cache, say)
        if failures:
            raise CheckpointError(_nothing_found(entry, looked + failures))
    return _source(text, cache, cache / WEIGHTS)


def read_source(source: WeightSource) -> tuple[dict, Path | None, list[str]]:
    """(tensors under tasklab's names, vocabulary file or None, notes to print).

    Names that the format's table does not know stay as they are, so that the ledger lists them as dropped.
    Raises: CheckpointError when a file is damaged, incomplete, or holds values that are not finite.
    """
    notes = list(source.notes)
    if (source.folder / SUMS).is_file():
        verify_folder(source.folder)
    raw = {name: tensor.read() for name, tensor in open_weights(source.file)[1].items()}
    check_finite(source.file, raw)
    tensors, unmatched = to_tasklab(raw, FORMATS.get(source.format))
    tensors.update((name, raw[name]) for name in unmatched)
    if unmatched:
        shown = ", ".join(unmatched[:5]) + (", ..." if len(unmatched) > 5 else "")
        notes.append(f"{len(unmatched)} names in {source.file.name} are unknown to the {source.format} table: {shown}")
    return tensors, source.vocabulary, notes


def _places(name: str) -> list[tuple[str, Path | None]]:
    """(how to call it, folder or None) of the places where a user puts weights, first one first."""
    chosen = os.environ.get("TASKLAB_CHECKPOINTS")
    ours = Path(chosen).expanduser() / name if chosen else None
    return [
        (str(ours) if ours else "$TASKLAB_CHECKPOINTS", ours),
        (str(Path("checkpoints", name)), Path("checkpoints", name)),
    ]


def _is_path(text: str) -> bool:
    try:
        return bool(plain_name(text, "")) and text.endswith(".safetensors")
    except CheckpointError:
        return True


def _usable(places) -> bool:
    return any(folder is not None and _weights_in(folder) for _, folder in places)


def _from_path(text: str) -> WeightSource:
    path = Path(text).expanduser()
    if path.is_file() and path.name.endswith((".safetensors", ".safetensors.index.json")):
        return _source(text, path.parent, path)
    if path.is_dir() and _weights_in(path):
        return _source(text, path, _weights_in(path))
    if path.is_dir():
        raise CheckpointError(f"{path}: {_why_not(path)}")
    if path.is_file():
        raise CheckpointError(f"{path}: not a .safetensors file; {_CONVERT}")
    if _is_path(text):
        raise CheckpointError(f"{path}: no such file or folder of weights")
    raise unknown_name("weights or checkpoint", text, {*named_weights(), *_placed_names()})


def _placed_names() -> list[str]:
    roots = [folder.parent for _, folder in _places("any") if folder]
    return [entry.name for root in roots for entry in root.glob("*/") if _weights_in(entry)]


def _source(name: str, folder: Path, file: Path, notes: tuple[str, ...] = ()) -> WeightSource:
    names = read_index(file) if file.name.endswith(".json") else read_header(file)
    try:
        return WeightSource(name, folder, detect(names).name, file, notes)
    except CheckpointError as error:
        raise CheckpointError(f"{file}: {error}") from None


def _weights_in(folder: Path) -> Path | None:
    return next((folder / name for name in (WEIGHTS, INDEX) if (folder / name).is_file()), None)


_CONVERT = "save the model with save_pretrained(folder, safe_serialization=True) of transformers"


def _why_not(folder: Path | None) -> str:
    if folder is None:
        return "not set"
    if not folder.is_dir():
        return "no such folder"
    foreign = sorted(file.name for file in folder.iterdir() if file.suffix in (".bin", ".pt", ".pth", ".ckpt", ".h5"))
    if foreign:
        return f"holds {foreign[0]}, but no {WEIGHTS}, and only safetensors are read; {_CONVERT}"
    runs = sorted((run.name for run in folder.glob("checkpoint-*")), key=lambda run: (len(run), run))
    return f"holds no {WEIGHTS}" + (f"; its checkpoints are {', '.join(runs)}: name one of them" if runs else "")


def _compared(name: str, folder: Path) -> tuple[str, ...]:
    """Notes on the files a user placed under a listed name: theirs count, but a difference is told."""
    if name not in named_weights() or (folder / SUMS).is_file():
        return ()
    listed = [(file.name, file.sha256) for file in read_entry(name).files if file.sha256]
    differ = [file for file, digest in listed if (folder / file).is_file() and file_sha256(folder / file) != digest]
    return (f"{folder}: {', '.join(differ)} differ from the listed {name}; yours are used",) if differ else ()


def _cache_holds(entry: NamedWeights, cache: Path) -> bool:
    """Whether the cache holds the listed files unharmed; what does not pass is fetched again."""
    try:
        return verify_folder(cache) == {file.name: file.sha256 for file in entry.files}
    except CheckpointError:
        return False


def _nothing_found(entry: NamedWeights, looked: list[str]) -> str:
    repository = next((source[key] for source in entry.sources for key in ("hub", "local") if key in source), None)
    lines = [f"no weights for {entry.name!r} ({entry.description}). Looked at:", *(f"  {line}" for line in looked)]
    lines += [f"Put these files into {Path('checkpoints', entry.name)}/ or $TASKLAB_CHECKPOINTS/{entry.name}/:"]
    for file in entry.files:
        facts = [f"{file.size} bytes" if file.size else "", f"SHA-256 {file.sha256}" if file.sha256 else ""]
        lines.append(f"  {file.name}  {', '.join(filter(None, facts))}".rstrip())
    return "\n".join(lines + ([f"They are at https://huggingface.co/{repository}"] if repository else []))
