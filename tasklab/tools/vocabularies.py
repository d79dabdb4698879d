"""Vocabularies of models: reading their tokens, and giving a model another one, row by row."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from tasklab.config import read_config, task_in
from tasklab.config.huggingface import TOKENIZER_FILES
from tasklab.content import parse_json
from tasklab.errors import CheckpointError
from tasklab.task import TASKS
from tasklab.text import TOKENIZERS
from tasklab.text.listed import VOCAB_FILE, read_vocabulary
from tasklab.text.paired import FOLDER as DECODER
from tasklab.tools.opened import OpenModel, open_model, write_model
from tasklab.weights.folder import CONFIG
from tasklab.weights.source import CONFIGS
from tasklab.weights.tables import FORMATS, to_tasklab
from tasklab.weights.tensors import LazyTensor

NewRows = Literal["random", "mean", "zero"]
"""How rows of new tokens start: around the mean row with the deviation of each column, the mean row itself, or 0."""

OF_VOCABULARY = {
    "encoder.embeddings.word.weight", "decoder.embeddings.word.weight", "head.mlm.decoder.weight", "head.mlm.bias",
    "head.decoder.weight", "head.bias",
}  # fmt: skip
"""Weights with one row per token."""


def read_tokens(place) -> list[str]:
    """Tokens by id, of a vocabulary file or of the one beside a model. Raises: DataError, CheckpointError."""
    path = Path(place)
    if not path.is_file():
        return open_model(place).tokenizer().tokens
    if path.suffix == ".model":
        return TOKENIZERS.get("llama" if path.name == "tokenizer.model" else "sentencepiece")(path).tokens
    if path.name in ("merges.txt", "vocab.json"):
        return TOKENIZERS.get("bpe")(path).tokens
    return read_vocabulary(path)


def with_vocabulary(
    model: OpenModel, tokens: Sequence[str], rows: np.ndarray, to, new: NewRows = "mean", seed: int = 0
) -> Path:
    """Writes the model with WordPiece vocabulary `tokens`, row i taken from the old row rows[i], or new where -1.

    Everything else stays as it is, in the file's own names; configuration and tokenizer files follow.
    """
    table = FORMATS.get(model.source.format)
    if (model.source.folder / DECODER).is_dir():
        raise CheckpointError(f"{model.source.name} has a vocabulary for its source and one for its target")
    tensors = dict(model.tensors)
    for name, tensor in model.tensors.items():
        if OF_VOCABULARY & to_tasklab({name: tensor}, table)[0].keys():
            if rows.max(initial=-1) >= tensor.shape[0]:
                raise CheckpointError(
                    f"{model.source.name}: {name} has {tensor.shape[0]} rows, but its vocabulary holds more tokens; "
                    "they do not belong together"
                )
            tensors[name] = _taken(tensor, rows, new, seed)
    files = model.companions()
    for name in ("tokenizer.json", "vocab.json", *(file for _, file in TOKENIZER_FILES)):
        files.pop(name, None)
    files[VOCAB_FILE] = "".join(token + "\n" for token in tokens).encode()
    for name in files.keys() & set(CONFIGS):
        described = {**parse_json(files[name], name, CheckpointError), "vocab_size": len(tokens)}
        files[name] = (json.dumps(described, indent=2) + "\n").encode()
    if CONFIG in files:
        path = model.source.folder / CONFIG
        config = read_config(path, TASKS.get(task_in(path)).data_config)
        config.model.vocab_size, config.tokenizer.name = len(tokens), "wordpiece"
        files[CONFIG] = config.to_yaml().encode()
    return write_model(to, tensors, files)


def _taken(tensor: LazyTensor, rows: np.ndarray, new: NewRows, seed: int) -> LazyTensor:
    def read():
        old = tensor.read()
        taken = np.zeros((len(rows), *old.shape[1:]), old.dtype)
        taken[rows >= 0] = old[rows[rows >= 0]]
        if new != "zero":
            taken[rows < 0] = old.mean(axis=0, dtype=np.float64)
        if new == "random" and old.ndim == 2:  # not the bias
            normal = np.random.default_rng(seed).standard_normal((int((rows < 0).sum()), old.shape[1]))
            taken[rows < 0] += (normal * old.std(axis=0, dtype=np.float64)).astype(old.dtype)
        return taken

    return LazyTensor((len(rows), *tensor.shape[1:]), tensor.dtype, read)
