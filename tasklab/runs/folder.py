"""The folder of one run: its lock, its checkpoints, which is best and which is last."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tasklab.errors import CheckpointError, TasklabError, brief
from tasklab.replacing import replace_text
from tasklab.runs.checkpoints import BEST, best_checkpoint, checkpoints, named_best
from tasklab.runs.lock import RunLock
from tasklab.runs.state import TrainerState
from tasklab.weights.atomic import recover, remove_left_overs, unfinished_below
from tasklab.weights.folder import OPTIMIZER, STATE, WEIGHTS, TensorFile, verify_folder, write_folder

DROPPED = ".{}.dropped"

Result = TypeVar("Result")


class RunFolder:
    """`output/<name>/`: checkpoint-<step>/ folders, `best` naming one of them, logs beside them."""

    def __init__(self, path):
        self.path = Path(path)
        self._lock = RunLock(self.path)

    def acquire(self):
        """Makes the folder and locks it for this process. Raises ConfigError when another run holds it.

        What killed runs left unfinished in it goes.
        """
        self._lock.acquire()
        for name in unfinished_below(self.path):
            recover(self.path / name)
            remove_left_overs(self.path / name)

    def release(self):
        """Gives the folder back; one in which nothing has begun is gone then."""
        self._lock.release()

    def checkpoints(self) -> list[Path]:
        """Complete checkpoint folders, oldest first."""
        return checkpoints(self.path)

    def best(self) -> Path | None:
        """The checkpoint with the best evaluation so far, or None."""
        return best_checkpoint(self.path)

    def last(self, warn, damaged=()) -> Path | None:
        """The newest checkpoint whose checksums hold; `warn(text)` hears of every damaged one that is passed over, but
        for those that it has been told of."""
        seen = set(damaged)
        while unseen := [entry for entry in self.checkpoints() if entry not in seen]:  # anew: a run may go on meanwhile
            if _holds(unseen[-1], "the checkpoint before it", warn):
                return unseen[-1]
            seen.add(unseen[-1])
        return None

    def best_or_last(self, warn) -> Path | None:
        """The best checkpoint, or the last one when none was evaluated or the best is damaged."""
        seen = None
        while (best := self.best()) not in (None, seen):
            if _holds(best, "the last sound checkpoint", warn):
                return best
            seen = best
        last = self.last(warn, [seen])
        if seen is None and last and (named := named_best(self.path)):
            warn(f"{self.path / BEST} names {brief(named)}, which is not there; taking {last.name}")
        return last

    def read(self, read: Callable[[Path], Result], best: bool, warn) -> Result | None:
        """`read(folder)` of the best or last checkpoint; None when none is sound.

        A run that goes on drops old checkpoints: when one is gone while it is read, the newer one is.
        """
        while (folder := (self.best_or_last if best else self.last)(warn)) is not None:
            try:
                return read(folder)
            except (TasklabError, OSError):
                if folder.is_dir():
                    raise
                warn(f"{folder} was dropped by its run while it was read; taking the one after it")
        return None

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
        try:
            replace_text(self.path / BEST, folder.name + "\n")
        except OSError as error:
            raise CheckpointError(
                f"{self.path / BEST}: cannot be written ({error}); {folder.name} is the best and complete"
            ) from None

    def _drop_old(self, keep: int | None, newest: Path):
        for left in self.path.glob(DROPPED.format("checkpoint-*")):  # of a run killed meanwhile
            shutil.rmtree(left, ignore_errors=True)
        if keep is None:
            return
        best, folders = self.best(), self.checkpoints()
        # later ones exist when a run went back to an earlier step: they are no reason to drop the one just written
        for entry in folders[: folders.index(newest) + 1][:-keep]:
            if entry != best:
                doomed = entry.with_name(DROPPED.format(entry.name))
                os.rename(entry, doomed)  # so that a kill halfway leaves no half checkpoint
                shutil.rmtree(doomed, ignore_errors=True)


def _holds(checkpoint: Path, other: str, warn) -> bool:
    """Whether the checksums of a checkpoint hold; a damaged one is told, one that its run has dropped is not."""
    try:
        verify_folder(checkpoint)
        return True
    except CheckpointError as error:
        if checkpoint.is_dir():
            warn(f"{error}; falling back to {other}")
        return False
