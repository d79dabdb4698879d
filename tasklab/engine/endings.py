"""How a run ends before its last step, in words that say what is saved and how it goes on."""

import shlex

from tasklab.errors import Interrupted, TrainingError
from tasklab.runs.folder import RunFolder


def diverged(what: str, step: int, lr: float, run: RunFolder) -> TrainingError:
    """The optimizer step `step`, counted from 1, came to no finite number."""
    checkpoints = run.checkpoints()
    saved = f"the last checkpoint, {checkpoints[-1]}, is intact" if checkpoints else "nothing was saved before"
    return TrainingError(
        f"{what} at global step {step}; {saved}. Lower optimizer.lr (now {lr:g}) or lengthen the warm-up"
    )


def interrupted(signal_number: int, step: int, run: RunFolder) -> Interrupted:
    return Interrupted(
        f"stopped after global step {step}; everything is saved. "
        f"Continue with: tasklab train --resume {shlex.quote(str(run.path))}", signal_number,
    )  # fmt: skip
