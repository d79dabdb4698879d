"""Reads the prepared batches; NumPy only, so that the PyTorch side imports nothing of tasklab."""

from pathlib import Path

import numpy as np

COLUMNS = ("input_ids", "token_type_ids")


def read_batches(folder: Path) -> list[dict]:
    """One dict per batch: lists of unpadded rows, and the positions as arrays."""
    file = np.load(folder / "batches.npz")
    batches = []
    for number in range(len({key.split("/")[0] for key in file.files})):
        bounds = np.cumsum(file[f"{number}/lengths"])[:-1]
        batch = {key: np.split(file[f"{number}/{key}"], bounds) for key in COLUMNS}
        batch |= {key: file[f"{number}/{key}"] for key in ("start_positions", "end_positions")}
        batches.append(batch)
    return batches
