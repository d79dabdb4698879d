"""Where a run stands, as every checkpoint tells it; what a resume reads."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.weights.folder import OPTIMIZER, STATE, read_weights

FORMAT = 2
"""What a checkpoint's state and tensors mean. 1: states without a format_version; their plan knows the tokens of the
rows alone. 2: the plan holds a digest of every column."""
NEEDED = ("global_step", "epoch", "step_in_epoch", "total_steps", "plan")
"""Without these nothing can be continued; every other field has a default for states that do not know it yet."""


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

    @classmethod
    def from_json(cls, text: str, path: Path) -> "TrainerState":
        """The state in a checkpoint of this format or an older one. Raises CheckpointError that says why not."""
        try:
            values = json.loads(text)
            values.setdefault("format_version", 1)
            newer = values["format_version"] > FORMAT
        except (ValueError, AttributeError, TypeError) as error:
            raise CheckpointError(f"{path}: not a trainer state ({error!r})") from None
        if newer:
            raise CheckpointError(
                f"{path}: format_version {values['format_version']} is of a newer tasklab, this one reads up to "
                f"{FORMAT}; update tasklab, or start from the weights alone with --from {path.parent}"
            )
        missing = [name for name in NEEDED if name not in values]
        unknown = sorted(values.keys() - {f.name for f in fields(cls)})
        if missing or unknown:
            wrong = [*(f"{name} is missing" for name in missing), *(f"{name} is not known" for name in unknown)]
            raise CheckpointError(
                f"{path}: not a trainer state of format_version {values['format_version']} ({', '.join(wrong)}); "
                f"resume with the tasklab that wrote it, or start from the weights alone with --from {path.parent}"
            )
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, default=float) + "\n"  # NumPy's float32 is no Python float


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
    state = TrainerState.from_json((folder / STATE).read_text(encoding="utf-8"), folder / STATE)
    return state, moments
