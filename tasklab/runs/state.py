"""Where a run stands, as every checkpoint tells it; what a resume reads."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from tasklab.content import parse_json, read_content
from tasklab.errors import CheckpointError, brief
from tasklab.weights.folder import OPTIMIZER, STATE, read_weights

FORMAT = 2
"""What a checkpoint's state and tensors mean. 1: states without a format_version; their plan knows the tokens of the
rows alone. 2: the plan holds a digest of every column."""
NEEDED = ("global_step", "epoch", "step_in_epoch", "total_steps", "plan")
"""Without these nothing can be continued; every other field has a default for states that do not know it yet."""
WHOLE = (
    "global_step", "epoch", "step_in_epoch", "total_steps", "best_step", "evaluations_without_gain", "dropout_version",
    "schedule_start",
)  # fmt: skip


@dataclass
class TrainerState:
    """Where a run stands; with the weights and the moments it is all that an exact resume needs."""

    global_step: int = 0  # optimizer steps done
    epoch: int = 0  # epochs finished
    step_in_epoch: int = 0  # optimizer steps done in the current epoch
    total_steps: int = 0
    best_metric: float | None = None
    best_step: int | None = None
    evaluations_without_gain: int = 0
    loss_sum: float = 0.0  # of all losses since the first step, for the mean of the run
    log_window: dict = field(default_factory=dict)  # losses and norms since the last log line
    plan: dict = field(default_factory=dict)  # what fixes the order of the rows; must be equal on resume
    finished: bool = False
    dropout_version: int = 1  # formula of the masks, a DROPOUT_VERSION; states that do not tell are of the first
    format_version: int = FORMAT
    schedule_start: int = 0  # optimizer steps before the present schedule: those of a finished run that goes on
    best_loss: float | None = None  # of the best evaluation, where its rows tell a loss

    @classmethod
    def from_json(cls, text: str, path: Path) -> "TrainerState":
        """The state in a checkpoint of this format or an older one. Raises CheckpointError that says why not."""
        values = parse_json(text, f"{path}: not a trainer state", CheckpointError)
        if not isinstance(values, dict):
            raise CheckpointError(f"{path}: not a trainer state: expected one object {{...}}, got {brief(values)}")
        values.setdefault("format_version", 1)
        if not _whole(values["format_version"]):
            raise CheckpointError(f"{path}: not a trainer state: format_version is {brief(values['format_version'])}")
        if values["format_version"] > FORMAT:
            raise CheckpointError(
                f"{path}: format_version {values['format_version']} is of a newer tasklab, this one reads up to "
                f"{FORMAT}; update tasklab, or start from the weights alone with --from {path.parent}"
            )
        missing = [name for name in NEEDED if name not in values]
        unknown = sorted(values.keys() - {f.name for f in fields(cls)})
        if missing or unknown:
            strange = [f"{name if len(name) < 60 else brief(name)} is not known" for name in unknown[:5]]
            wrong = [*(f"{name} is missing" for name in missing), *strange]
            raise CheckpointError(
                f"{path}: not a trainer state of format_version {values['format_version']} ({', '.join(wrong)}); "
                f"resume with the tasklab that wrote it, or start from the weights alone with --from {path.parent}"
            )
        state = cls(**values)
        if wrong := next(state._impossible(), None):
            raise CheckpointError(
                f"{path}: {wrong}, which no training writes: the file is damaged or was changed; copy the checkpoint "
                f"again, resume from another one, or start from the weights alone with --from {path.parent}"
            )
        return state

    def _impossible(self) -> Iterator[str]:
        """What is of the wrong type or out of its range; how long an epoch is, the loop knows."""
        for name in WHOLE:
            if not (_whole(getattr(self, name)) or name == "best_step" and self.best_step is None):
                yield f"{name} is {brief(getattr(self, name))}, expected a whole number from 0"
        if self.global_step > self.total_steps:
            yield f"global_step is {self.global_step}, beyond total_steps, {self.total_steps}"
        for name in ("epoch", "step_in_epoch", "schedule_start"):  # an epoch has a step at least
            if getattr(self, name) > self.global_step:
                yield f"{name} is {getattr(self, name)}, beyond global_step, {self.global_step}"
        best = (self.best_metric, self.best_loss)
        if not _is_number(self.loss_sum) or not all(value is None or _is_number(value) for value in best):
            others = f"best_metric {brief(best[0])} and best_loss {brief(best[1])}"
            yield f"loss_sum is {brief(self.loss_sum)}, {others}, expected numbers"
        if not isinstance(self.finished, bool):
            yield f"finished is {brief(self.finished)}, expected true or false"
        if not isinstance(self.plan, dict) or not isinstance(self.log_window, dict):
            yield f"plan is {brief(self.plan)} and log_window {brief(self.log_window)}, expected objects {{...}}"
        for name, values in self.log_window.items():
            if not isinstance(values, list) or not all(map(_is_number, values)):
                yield f"log_window.{brief(name)[1:-1]} is {brief(values)}, expected numbers"

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, default=float) + "\n"  # NumPy's float32 is no Python float


def _whole(value) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def read_training_state(folder: Path) -> tuple[TrainerState, dict[str, np.ndarray]]:
    """Verified (state, optimizer moments) of a checkpoint folder.

    Raises: CheckpointError when the folder cannot be resumed or is damaged.
    """
    folder = Path(folder)
    if not (folder / STATE).is_file():
        raise CheckpointError(
            f"{folder} holds no {STATE}, so it cannot be resumed; to start from its weights use --from {folder} "
            f"(Python: train(resume_or_finetune_from_checkpoint={str(folder)!r}, do_finetune=True))"
        )
    moments = read_weights(folder, OPTIMIZER)
    return read_state(folder), moments


def read_state(folder: Path) -> TrainerState:
    """The state alone of a checkpoint folder. Raises: CheckpointError for one that cannot be read."""
    try:
        text = read_content(folder / STATE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{folder / STATE}: cannot be read ({error}); copy the checkpoint again") from None
    return TrainerState.from_json(text, folder / STATE)
