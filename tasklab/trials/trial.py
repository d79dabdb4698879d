"""One training as `tasklab train` in a process and a folder of its own, which outlives every kill."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tasklab.config import Config
from tasklab.content import read_content, read_json
from tasklab.engine.selection import finite_loss, standing
from tasklab.errors import CheckpointError
from tasklab.replacing import replace_text
from tasklab.runs.history import METRICS_FILE, read_metrics
from tasklab.runs.naming import run_of
from tasklab.system import tied_to_parent
from tasklab.trials.functions import search_path
from tasklab.weights.folder import STATE

PLAN, LOG = "plan.yaml", "train.log"
POLL = 0.2  # seconds between two looks at running trials
COMMAND = (sys.executable, "-m", "tasklab.cli")
ATTEMPTS = 3
"""Starts of a process that does not end by itself, before its training counts as failed."""


class Trial:
    """A training in `folder`: start it, look at it now and then, start it again after a kill."""

    def __init__(self, folder: Path, home: str | None = None, compute_metrics: str | None = None):
        """
        home: the working directory by which relative paths of the plan go, where this machine has it.
        compute_metrics: the name of the user's function, see `functions`.
        """
        self.folder, self.process, self.attempts, self.compute_metrics = Path(folder), None, 0, compute_metrics
        self.home = home if home is not None and Path(home).is_dir() else None

    def plan(self, config: Config):
        """Writes what to train."""
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_text(self.folder / PLAN, self._text(config))

    def is_plan(self, config: Config) -> bool:
        """Whether this is what was planned."""
        return read_content(self.folder / PLAN) == self._text(config).encode()

    def _text(self, config: Config) -> str:
        config = config.copy()
        config.output_dir = str(self.folder)
        return config.to_yaml()

    @property
    def planned(self) -> bool:
        return (self.folder / PLAN).is_file()

    def start(self):
        """Starts the training, or continues it from its last checkpoint. The process dies with this one."""
        begun = run_of(self.folder) is not None
        words = ["--resume", str(self.folder)] if begun else [str(self.folder / PLAN)]
        environment = None
        if self.compute_metrics:
            words += ["--compute-metrics", self.compute_metrics]
            environment = os.environ | {"PYTHONPATH": search_path()}
        self.attempts += 1
        with open(self.folder / LOG, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "train", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home, env=environment,
                **tied_to_parent(),  # so that nobody trains unseen; a resume is exact
            )  # fmt: skip

    def poll(self) -> str:
        """running, finished, failed (see `reason`), or killed: by a signal, and worth another start."""
        status = self.process.poll()
        if status is None:
            return "running"
        if status == 0:
            return "finished"
        by_signal = status < 0 or status > 128
        return "killed" if by_signal and self.attempts < ATTEMPTS else "failed"

    def stop(self):
        """Ends the process at once; its checkpoints stay."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def evaluations(self) -> list[dict]:
        """Metrics of every evaluation so far, in order."""
        return self._records("evaluate")

    def best_evaluation(self, objective: Callable, maximize: bool) -> tuple[float, float | None] | None:
        """(objective, evaluation loss) of the best one so far, of equal ones the one with the smallest loss."""
        pairs = [(float(objective(record)), finite_loss(record)) for record in self.evaluations()]
        pairs = [pair for pair in pairs if math.isfinite(pair[0])]
        return max(pairs, key=lambda pair: standing(*pair, maximize), default=None)

    def trained(self) -> bool:
        """Whether the last step is done, so that nothing is saved by ending it now."""
        steps = self._records("train")
        return bool(steps) and steps[-1].get("seconds_left") == 0

    def _records(self, kind: str) -> list[dict]:
        return [record for record in read_metrics(self.folder / METRICS_FILE) if record["kind"] == kind]

    def finished(self) -> bool:
        """Whether the last checkpoint says that training came to its end."""
        run = run_of(self.folder)
        if run is None:
            return False
        try:
            return read_json(run.checkpoints()[-1] / STATE, CheckpointError)["finished"]
        except (IndexError, KeyError, TypeError) as error:
            raise CheckpointError(f"{self.folder}: its last checkpoint cannot be read ({error!r})") from None

    def reason(self) -> str:
        """The last line that the process said."""
        try:
            lines = (self.folder / LOG).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            lines = []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def drop_checkpoints(self):
        """Frees the space of a training that is no longer needed; its log, curves and metrics stay."""
        run = run_of(self.folder)
        for checkpoint in run.checkpoints() if run else ():
            shutil.rmtree(checkpoint, ignore_errors=True)
