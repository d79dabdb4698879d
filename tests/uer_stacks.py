"""Folders of UER-py's networks of one stack or two, and what it computed, see fixtures/make_uer_stacks.py."""

import functools
from pathlib import Path

import numpy as np

from tasklab.weights.files import TensorFile

FIXTURE = Path(__file__).parent / "fixtures" / "uer_stacks.npz"


@functools.cache
def reference() -> dict:
    with np.load(FIXTURE) as file:
        return dict(file)


def folder(path: Path, case: str) -> Path:
    """As UER-py's files lie side by side."""
    start = f"{case}:weight:"
    path.mkdir()
    own = {name.removeprefix(start): array for name, array in reference().items() if name.startswith(start)}
    TensorFile({name: np.float32(array) for name, array in own.items()})(path / "model.safetensors")
    (path / "config.json").write_text(str(reference()[f"{case}:config"]))
    return path
