"""The training behind a network, as far as its folder tells of it: what a look back at a score needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasklab.config import Config
from tasklab.errors import CheckpointError
from tasklab.runs.checkpoints import checkpoints
from tasklab.runs.history import METRICS_FILE, read_metrics
from tasklab.runs.state import TrainerState, read_state
from tasklab.saved import saved_config


@dataclass(frozen=True)
class Trained:
    """Settings, length and losses of a training.

    place: the folder of the run; of a network without one, whatever names it.   steps: None without a run.
    own_rows: whether what is scored are the rows that the training evaluates on.
    """

    config: Config
    place: Path
    steps: int | None = None
    epochs: int = 0
    losses: Sequence[float] = ()
    own_rows: bool = True

    @classmethod
    def ending(cls, config: Config, run: Path, state: TrainerState, own_rows: bool = True) -> "Trained":
        """The training of a run that stands at `state`."""
        records = read_metrics(run / METRICS_FILE)
        losses = [r["loss"] for r in records if r["kind"] == "train" and r.get("global_step", 0) <= state.global_step]
        return cls(config, run, state.global_step, state.epoch + (state.step_in_epoch > 0), losses, own_rows)

    @classmethod
    def behind(cls, checkpoint: Path, config: Config, own_rows: bool) -> "Trained":
        """The training that a checkpoint is of, to its end; of any other network no more than what `config` says."""
        folders = checkpoints(checkpoint.parent)
        try:
            if checkpoint in folders:
                return cls.ending(saved_config(folders[-1]), checkpoint.parent, read_state(folders[-1]), own_rows)
        except CheckpointError:
            pass  # damaged, or dropped while it was read
        return cls(config, checkpoint, own_rows=False)
