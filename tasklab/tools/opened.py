"""A model opened for the tools: its weights one by one under either name, and the files that go with them."""

from dataclasses import dataclass
from pathlib import Path

from tasklab.config.gguf import SUFFIX as GGUF
from tasklab.config.huggingface import TOKENIZER_FILES, tokenizer_in
from tasklab.errors import CheckpointError
from tasklab.runs.source import find_source
from tasklab.text import TOKENIZERS
from tasklab.text.listed import OPTIONS_FILE
from tasklab.weights.adapters import adapters_in
from tasklab.weights.containers import open_weights
from tasklab.weights.folder import CONFIG, CONFIGS, LABELS, WEIGHTS, TensorFile, read_json, write_folder
from tasklab.weights.source import WeightSource, verify_source
from tasklab.weights.store import read_source
from tasklab.weights.tables import FORMATS, to_tasklab
from tasklab.weights.tensors import LazyTensor

CASED = ("bpe", "gguf", "t5", "pegasus")
"""Tokenizers that take letters as they are where nothing says otherwise."""
COMPANIONS = (
    CONFIG, LABELS, *CONFIGS, OPTIONS_FILE, "tokenizer.json", "special_tokens_map.json", "vocab.json",
    *(file for _, file in TOKENIZER_FILES),
)  # fmt: skip
"""What belongs to a model beside its weights; the state of a training run does not."""


@dataclass(frozen=True)
class OpenModel:
    """title: what kind of file it is. tensors: name in the file -> tensor, read when asked for."""

    source: WeightSource
    title: str
    tensors: dict[str, LazyTensor]

    @property
    def own(self) -> dict[str, LazyTensor]:
        """The tensors under tasklab's names; those it does not know keep theirs."""
        mapped, unknown = to_tasklab(self.tensors, FORMATS.get(self.source.format))
        return {**mapped, **{name: self.tensors[name] for name in unknown}}

    def companions(self) -> dict[str, bytes]:
        """The files beside the weights, name -> content."""
        return {name: (self.source.folder / name).read_bytes() for name in COMPANIONS if self._has(name)}

    def tokenizer(self):
        """The tokenizer beside the weights, with its own casing. Raises: CheckpointError when there is none."""
        path = self.source.folder / OPTIONS_FILE
        options = read_json(path) if self._has(OPTIONS_FILE) else {}
        if not isinstance(options, dict):
            raise CheckpointError(f"{path}: expected one JSON object")
        if entry := tokenizer_in(self.source.folder):
            name, file = entry
            name = options["name"] if options.get("name") in TOKENIZERS.names() else name  # as tasklab writes it
            lowercase = options.get("lowercase", options.get("do_lower_case", name not in CASED))
            return TOKENIZERS.get(name)(file, lowercase=lowercase)
        files = ", ".join(file for _, file in TOKENIZER_FILES)
        raise CheckpointError(f"{self.source.folder}: no vocabulary beside the weights (one of {files})")

    def write(self, to, tensors: dict, **files: bytes) -> Path:
        """A new model folder `to` with other `tensors`, under the file's own names; `files` replace companions.

        Raises: CheckpointError when `to` exists: a model is not overwritten by one made from it; for a GGUF file.
        """
        if self.source.file.suffix == GGUF:
            raise CheckpointError(
                f"{self.source.file}: GGUF files are read, not written; convert it first: tasklab convert "
                f"{self.source.name} NEW_FOLDER --to tasklab"
            )
        return write_model(to, tensors, {**self.companions(), **files})

    def _has(self, name: str) -> bool:
        return (self.source.folder / name).is_file()


def open_model(name) -> OpenModel:
    """Finds and opens a model by name, folder or file; adapters with what they stand beside. Raises: CheckpointError,
    UnknownName."""
    source = find_source(name)
    if adapters_in(source.folder):
        return OpenModel(source, "safetensors, adapters put into the weights", read_source(source)[0])
    verify_source(source)
    return OpenModel(source, *open_weights(source.file))


def write_model(to, tensors: dict, files: dict) -> Path:
    """Writes a model folder in one step. Raises: CheckpointError when `to` exists."""
    refuse_existing(to)
    write_folder(to, {WEIGHTS: TensorFile(tensors), **files})
    return Path(to)


def refuse_existing(to):
    """Raises: CheckpointError when there is something at `to`."""
    if Path(to).exists():
        raise CheckpointError(f"{to} exists already; choose another place, or remove it first")
