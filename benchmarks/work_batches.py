"""What both sides share: the prepared batches, the peak of memory. NumPy only: PyTorch's side has no tasklab."""

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


def peak_mb() -> float:
    """Largest resident memory of this process. Not ru_maxrss, which a child takes over from its parent."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
