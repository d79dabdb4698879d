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


def of_steps(times: list[tuple[float, float]], losses: list[float]) -> dict:
    """times: by the clock and of the processor, before the first step and behind each; the first one compiles."""
    took, processor = np.diff(times, axis=0).T
    return {
        "seconds_of_a_step": float(np.median(took[1:])), "processor_seconds": float(np.median(processor[1:])),
        "first_step": float(took[0]), "losses": losses, "peak_mb": peak_mb(),
    }  # fmt: skip
