"""The checkpoints in the folder of a run, `output/<name>/checkpoint-<step>/`, and the file `best`, which names one."""

import re
from pathlib import Path

from tasklab.content import read_content

BEST = "best"
LONGEST = 100  # bytes of a name


def checkpoints(run: Path) -> list[Path]:
    """Complete checkpoint folders, oldest first."""
    numbered = []
    for entry in run.iterdir() if run.is_dir() else ():
        match = re.fullmatch(r"checkpoint-(\d+)", entry.name)
        if match and entry.is_dir():
            numbered.append((int(match.group(1)), entry))
    return [entry for _, entry in sorted(numbered)]


def best_checkpoint(run: Path) -> Path | None:
    """The checkpoint with the best evaluation so far; None when nothing was evaluated."""
    target = run / named_best(run)
    return target if target in checkpoints(run) else None


def best_step(run: Path) -> int | None:
    """The step of that checkpoint."""
    best = best_checkpoint(run)
    return None if best is None else int(best.name.rpartition("-")[2])


def named_best(run: Path) -> str:
    """The name in the file `best`, whether or not there is such a checkpoint; "" where no name can be read."""
    try:
        return read_content(run / BEST, LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
