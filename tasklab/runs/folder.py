"""The folder of one run: its lock, its checkpoints, which is best and which is last."""

import fcntl
import os
import shutil
from pathlib import Path

from tasklab.errors import CheckpointError, ConfigError
from tasklab.runs.checkpoints import BEST, best_checkpoint, checkpoints
from tasklab.runs.state import TrainerState
from tasklab.weights.folder import OPTIMIZER, STATE, WEIGHTS, TensorFile, verify_folder, write_folder

DROPPED = ".{}.dropped"


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
