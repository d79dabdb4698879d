"""The checkpoint folder: one folder is the whole model, and nothing in it is believed before its checksum.

model.safetensors, config.yaml, the tokenizer's files; optimizer.safetensors and trainer_state.json for a resume;
labels.json and metrics.json where there are any; SHA256SUMS. With adapter.json the weights are what was trained beside
others, see weights/adapters.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from tasklab import content
from tasklab.config.huggingface import TOKENIZER_FILES
from tasklab.errors import CheckpointError
from tasklab.weights.atomic import recover, write_folder
from tasklab.weights.files import TensorFile, read_safetensors
from tasklab.weights.sums import SUMS, refuse_unlisted, verify_file, verify_sums

__all__ = ["TensorFile", "is_checkpoint", "json_bytes", "read_json", "read_weights", "verify_folder", "write_folder"]

WEIGHTS = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
STATE = "trainer_state.json"
CONFIG = "config.yaml"
LABELS = "labels.json"
ADAPTER = "adapter.json"
METRICS = "metrics.json"
CONFIGS = ("config.json", "bert_config.json", "albert_config.json")
READ = (
    WEIGHTS, OPTIMIZER, STATE, CONFIG, LABELS, ADAPTER, *CONFIGS, *(file for _, file in TOKENIZER_FILES), "vocab.json",
    "tokenizer_config.json", "chat_template.jinja",
)  # fmt: skip
"""What counts when a folder is used; in one that has a list, each of these has to be listed."""


def is_checkpoint(path) -> bool:
    """Whether `path` is a folder that tasklab wrote."""
    return (Path(path) / CONFIG).is_file() and (Path(path) / SUMS).is_file()


def verify_folder(path) -> dict[str, str]:
    """Checks every file of a checkpoint. Returns name -> SHA-256.

    Raises: CheckpointError that names the first missing or damaged file.
    """
    path = Path(os.path.abspath(path))
    recover(path)
    if not path.is_dir():
        raise _gone(path, "no such checkpoint folder")
    try:
        sums = verify_sums(path)
        refuse_unlisted(path, READ, sums)
        return sums
    except (CheckpointError, FileNotFoundError) as error:
        if path.is_dir():
            raise
        raise _gone(path, "gone while it was read") from error


def _gone(path: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{path}: {what}; a run that goes on drops its old checkpoints (train.save_total_limit), so name the run's "
        "folder, which stands for those it has"
    )


def read_weights(path, name: str = WEIGHTS) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint, after the checksum of every file in it.

    name: WEIGHTS or OPTIMIZER.
    Raises: CheckpointError when a file is missing or damaged, or weights are not finite.
    """
    if name not in verify_folder(path):
        raise CheckpointError(f"{path} holds no {name}")
    return read_safetensors(Path(path) / name)


def json_bytes(value) -> bytes:
    """`value` as JSON: the same bytes for the same value; floats survive the way back exactly.

    Raises: CheckpointError for what JSON cannot hold, NaN and infinity included.
    """
    try:
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False, default=_number)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"cannot be written as JSON: {error}") from error
    return (text + "\n").encode()


def read_json(path):
    """The value in a JSON file of a checkpoint. Raises: CheckpointError when it is missing or no JSON."""
    return content.read_json(path, CheckpointError)


def metrics_in(folder) -> dict[str, float]:
    """What a checkpoint scored when it was written; {} where that was not evaluated, or it is no checkpoint.

    Raises: CheckpointError when the file is damaged.
    """
    path = Path(folder) / METRICS
    if not (is_checkpoint(folder) and path.is_file()):
        return {}
    verify_file(path)
    return read_json(path)


def _number(value):
    """numpy scalars know their Python value."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r}")
