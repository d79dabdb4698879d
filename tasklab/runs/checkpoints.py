"""The checkpoints in the folder of a run, `output/<name>/checkpoint-<step>/`, and the file `best`, which names one."""

import re
from pathlib import Path

BEST = "best"


def checkpoints(run: Path) -> list[Path]:
    """Complete checkpoint folders, oldest first."""
    found = []
    for entry in run.iterdir() if run.is_dir() else ():
        match = re.fullmatch(r"checkpoint-(\d+)", entry.name)
        if match and entry.is_dir():
            found.append((int(match.group(1)), entry))
    return [entry for _, entry in sorted(found)]


def best_checkpoint(run: Path) -> Path | None:
    """The checkpoint with the best evaluation so far; None when nothing was evaluated."""
    pointer = run / BEST
    if not pointer.is_file():
        return None
    target = run / pointer.read_text().strip()
    return target if target in checkpoints(run) else None
