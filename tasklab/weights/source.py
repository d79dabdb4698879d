"""Weights that lie somewhere: which file of a folder holds them, and whose names they have."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.config.gguf import SUFFIX as GGUF
from tasklab.config.gguf import TOKENIZER
from tasklab.config.huggingface import ROBERTA, tokenizer_in
from tasklab.config.sentence_transformers import dense_of
from tasklab.errors import CheckpointError
from tasklab.weights.containers import open_weights
from tasklab.weights.folder import CONFIG, CONFIGS, OPTIMIZER, WEIGHTS, read_json, verify_folder
from tasklab.weights.norms import from_unbiased
from tasklab.weights.sums import SUMS, refuse_unlisted
from tasklab.weights.tables import FORMATS, detect, to_tasklab
from tasklab.weights.tensors import LazyTensor, cast_notes, check_finite, lazy

logger = logging.getLogger("tasklab")

SHARDS = ".index.json"
FIRST = (WEIGHTS, WEIGHTS + SHARDS, "pytorch_model.bin", "pytorch_model.bin" + SHARDS)
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".index", GGUF)


@dataclass(frozen=True)
class WeightSource:
    """Weights that were found. file: theirs, or the index of several; format: a name in FORMATS.

    family: of the model, as far as somebody has told it. norm: "unbiased" or "usual", of UER-py's files; None: what the
    JSON beside them says as `unbiased_norm`, else unbiased.
    """

    name: str
    folder: Path
    format: str
    file: Path
    notes: tuple[str, ...] = ()
    family: str | None = None
    norm: str | None = None

    @property
    def unbiased(self) -> bool:
        """Whether its norms divide by n - 1."""
        if FORMATS.get(self.format).program != "uer":
            return False
        return self.norm == "unbiased" if self.norm else (self.config or {}).get("unbiased_norm", True) is not False

    @property
    def vocabulary(self) -> Path | None:
        """The tokenizer's file beside the weights: vocab.txt, spiece.model, or merges.txt with vocab.json; a GGUF file
        has its own inside."""
        if self.file.suffix == GGUF:
            return self.file
        return vocabulary_in(self.folder)

    @property
    def config(self) -> dict | None:
        """The JSON beside the weights that describes the model, as HuggingFace, Google and UER-py have it."""
        path = next((self.folder / name for name in CONFIGS if (self.folder / name).is_file()), None)
        return read_json(path) if path else None


def source_at(
    name: str, file: Path, notes: tuple[str, ...] = (), family: str | None = None, norm: str | None = None
) -> WeightSource:
    """The weights in `file`. family, norm: where the user knows them; else the config beside them or their names tell.

    Raises: CheckpointError when the file is damaged, or its names are nobody's.
    """
    source = WeightSource(name, file.parent, "", file, notes)
    kind = (source.config or {}).get("model_type")
    family = family or ("roberta" if kind in ROBERTA else kind)
    table = detect(open_weights(file)[1], family, place=f"{file}: ")
    return WeightSource(name, file.parent, table.name, file, notes, family, norm)


def vocabulary_in(folder: Path) -> Path | None:
    """The tokenizer's file of a model folder, which may hold no weights."""
    tokenizer = tokenizer_in(folder)
    return tokenizer[1] if tokenizer else None


def weights_in(folder: Path) -> Path | None:
    """The file with the weights of a model folder: one of the usual names, else the only one of its kind."""
    usual = next((folder / name for name in FIRST if (folder / name).is_file()), None)
    if usual or not folder.is_dir():
        return usual
    others = _others(folder)
    return others[0] if len(others) == 1 else None


def why_not(folder: Path | None) -> str:
    """Why a folder holds no weights to take."""
    if folder is None:
        return "not set"
    if not folder.is_dir():
        return "no such folder"
    if len(others := _others(folder)) > 1:
        return f"holds {', '.join(file.name for file in others[:5])}: name the file to take"
    return f"holds no {WEIGHTS}"


def read_alone(
    source: WeightSource, head: str | None = None, trusted: bool = False
) -> tuple[dict[str, LazyTensor], Path | None, list[str]]:
    """(tensors under tasklab's names, vocabulary file or None, notes to print); see `store.read_source` for adapters.

    Names that the format's table does not know stay as they are, so that the ledger lists them as dropped.
    head: of the weights, where their names alone do not tell it.
    trusted: skip the checks that read every byte, of a folder that was just written.
    Raises: CheckpointError when a file is damaged, incomplete, or holds values that are not finite, or weights of an
    encoder that the format's table does not know: without them it would compute something else.
    """
    notes = list(source.notes)
    _, raw = open_weights(source.file)
    if not trusted:
        verify_source(source)
        check_finite(source.file, raw)
    tensors, unmatched = to_tasklab(raw, FORMATS.get(source.format), head)
    if strange := FORMATS.get(source.format).of_encoder(unmatched):
        raise CheckpointError(
            f"{source.file}: {', '.join(strange[:5])}{', ...' if len(strange) > 5 else ''} belong to an encoder that "
            "tasklab does not have; the model cannot be read without them"
        )
    if source.unbiased:
        tensors, line = from_unbiased(tensors)
        notes += [line] if line else []
    notes += cast_notes(tensors)
    tensors.update((name, raw[name]) for name in unmatched)
    tensors |= _dense_beside(source.folder)
    if unmatched:
        shown = ", ".join(unmatched[:5]) + (", ..." if len(unmatched) > 5 else "")
        notes.append(f"{len(unmatched)} names in {source.file.name} are unknown to the {source.format} table: {shown}")
    return {name: tensor.as_float32() for name, tensor in tensors.items()}, source.vocabulary, notes


def _dense_beside(folder: Path) -> dict[str, LazyTensor]:
    """The weights of a Dense of sentence-transformers, which lie in a folder of their own; a missing bias is 0."""
    module = dense_of(folder, read_json)
    if module is None:
        return {}
    file = weights_in(module)
    if file is None:
        raise CheckpointError(f"{module}: {why_not(module)}")
    tensors = open_weights(file)[1]
    check_finite(file, tensors)
    weight = tensors.get("linear.weight")
    if weight is None:
        raise CheckpointError(f"{file}: holds no linear.weight; expected the weights of a Dense")
    bias = tensors.get("linear.bias", np.zeros(weight.shape[0], np.float32))
    return {"head.dense.weight": weight, "head.dense.bias": lazy(bias)}


def verify_source(source: WeightSource) -> None:
    """Checks the folder of the weights against its list. Where tasklab's own list is gone, that is told.

    Raises: CheckpointError for a file that is damaged, missing, or of the model and not listed.
    """
    if (source.folder / SUMS).exists():
        refuse_unlisted(source.folder, (source.file.name,), verify_folder(source.folder))
    elif (source.folder / CONFIG).is_file():
        logger.warning(
            "%s: has no %s, which every checkpoint of tasklab has: nothing tells whether its weights are whole; copy "
            "the folder again", source.folder, SUMS,
        )  # fmt: skip


def _others(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
    return sorted(file for file in files if file.name not in (OPTIMIZER, TOKENIZER))
