"""The folder of one run: its lock, its checkpoints, which is best and which is last."""

import fcntl
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from tasklab.config import Config
from tasklab.errors import CheckpointError, ConfigError
from tasklab.weights.folder import OPTIMIZER, STATE, WEIGHTS, TensorFile, read_weights, verify_folder, write_folder
from tasklab.weights.runs import BEST, best_checkpoint, checkpoints

OUTPUT = "output"
DROPPED = ".{}.dropped"


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

    @classmethod
    def from_json(cls, text: str, path: Path) -> "TrainerState":
        try:
            values = json.loads(text)
            return cls(**{f.name: values[f.name] for f in fields(cls)})
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: not a trainer state of this version ({error!r})") from None

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, default=float) + "\n"  # NumPy's float32 is no Python float


class RunFolder:
    """`output/<name>/`: checkpoint-<step>/ folders, `best` naming one of them, logs beside them."""

    def __init__(self, path):
        self.path = Path(path)
        self._lock = None

    def acquire(self):
        """Makes the folder and locks it for this process. Raises ConfigError when another run holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.path / ".lock", "w")  # noqa: SIM115 - held until release
        except OSError as error:
            raise ConfigError(f"output_dir {self.path}: {error.strerror}; choose a folder you may write to") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise ConfigError(
                f"output_dir {self.path} is in use by another run; wait for it, or choose another output_dir"
            ) from None

    def release(self):
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def checkpoints(self) -> list[Path]:
        """Complete checkpoint folders, oldest first."""
        return checkpoints(self.path)

    def best(self) -> Path | None:
        """The checkpoint with the best evaluation so far, or None."""
        return best_checkpoint(self.path)

    def last(self, warn) -> Path | None:
        """The newest checkpoint whose checksums hold; `warn(text)` hears of every damaged one that is passed over."""
        for entry in reversed(self.checkpoints()):
            try:
                verify_folder(entry)
                return entry
            except CheckpointError as error:
                warn(f"{error}; falling back to the checkpoint before it")
        return None

    def best_or_last(self, warn) -> Path | None:
        """The best checkpoint, or the last one when none was evaluated or the best is damaged."""
        best = self.best()
        if best is not None:
            try:
                verify_folder(best)
                return best
            except CheckpointError as error:
                warn(f"{error}; falling back to the last checkpoint")
        return self.last(warn)

    def preferred(self, best: bool) -> Path | None:
        """What `best_or_last`, or else `last`, return when no file is damaged; reads none of them."""
        return (self.best() if best else None) or next(reversed(self.checkpoints()), None)

    def save(
        self, state: TrainerState, weights: dict, optimizer: dict, files: dict, keep: int | None, is_best: bool
    ) -> Path:
        """Writes checkpoint-<global_step> atomically, then moves the `best` pointer, then drops old checkpoints.

        Args:
            files: further file names -> bytes (configuration, vocabulary, labels, metrics).
            keep: newest checkpoints to keep, None for all; the best one is kept besides.
        """
        target = self.path / f"checkpoint-{state.global_step}"
        contents = dict(files)
        contents[WEIGHTS] = TensorFile(weights)
        contents[OPTIMIZER] = TensorFile(optimizer)
        contents[STATE] = state.to_json().encode()
        write_folder(target, contents)
        # the step in the state too: a kill may have come between the best checkpoint and its pointer
        self.point_at_best(state.global_step if is_best else state.best_step)
        self._drop_old(keep, target)
        return target

    def point_at_best(self, step: int | None):
        """Makes checkpoint-<step> the best, if it exists."""
        folder = self.path / f"checkpoint-{step}"
        if not folder.is_dir() or folder == self.best():
            return
        aside = self.path / (BEST + ".tmp")
        try:
            aside.write_text(folder.name + "\n")
            os.replace(aside, self.path / BEST)
        except OSError as error:
            raise CheckpointError(
                f"{self.path / BEST}: cannot be written ({error}); {folder.name} is the best and complete"
            ) from None

    def _drop_old(self, keep: int | None, newest: Path):
        for left in self.path.glob(DROPPED.format("checkpoint-*")):  # of a run killed meanwhile
            shutil.rmtree(left, ignore_errors=True)
        if keep is None:
            return
        best, found = self.best(), self.checkpoints()
        # later ones exist when a run went back to an earlier step: they are no reason to drop the one just written
        for entry in found[: found.index(newest) + 1][:-keep]:
            if entry != best:
                doomed = entry.with_name(DROPPED.format(entry.name))
                os.rename(entry, doomed)  # so that a kill halfway leaves no half checkpoint
                shutil.rmtree(doomed, ignore_errors=True)


def run_of(path) -> RunFolder | None:
    """The run folder at `path`, or None when there are no checkpoints below it."""
    run = RunFolder(path)
    return run if run.checkpoints() else None


def find_run(config: Config) -> RunFolder | None:
    """The run that a job's verbs refer to: output_dir when set, else the newest output/<name>[-N]."""
    if config.output_dir is not None:
        return run_of(config.output_dir)
    return next((run for path in reversed(_numbered(config)) if (run := run_of(path))), None)


def new_run(config: Config) -> RunFolder:
    """An unused run folder. Raises ConfigError when output_dir is set and holds a run already."""
    if config.output_dir is not None:
        if run_of(config.output_dir):
            raise ConfigError(
                f"output_dir {config.output_dir} holds a run already; continue it with --resume {config.output_dir} "
                "(Python: train(True)), or choose another output_dir"
            )
        return RunFolder(config.output_dir)
    taken = [path for path in _numbered(config) if run_of(path)]
    if not taken:
        return RunFolder(Path(OUTPUT) / config.name)
    last = re.fullmatch(r".*?(?:-(\d+))?", taken[-1].name[len(config.name) :]).group(1)
    return RunFolder(Path(OUTPUT) / f"{config.name}-{int(last or 1) + 1}")


def _numbered(config: Config) -> list[Path]:
    """output/<name>, output/<name>-2, ... as far as they exist, in their order."""
    found = []
    for path in Path(OUTPUT).glob(config.name + "*"):
        match = re.fullmatch(r"(?:-(\d+))?", path.name[len(config.name) :])
        if match and path.is_dir():
            found.append((int(match.group(1) or 1), path))
    return [path for _, path in sorted(found)]


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

