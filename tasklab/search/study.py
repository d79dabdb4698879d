"""Hyperparameter search with optuna: a study in a file, every trial its own training, resumable after any kill."""

import json
import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tasklab.config import Config, assign
from tasklab.errors import ConfigError, TrainingError
from tasklab.search.space import Space, read_space
from tasklab.search.trial import POLL, Trial

logger = logging.getLogger("tasklab")

STUDY_FILE, ABOUT_FILE = "study.sqlite3", "search.json"
FAILURES = 3  # trials in a row that fail before the search gives up


class BestRun(NamedTuple):
    """HuggingFace's result of a search: `Trainer.apply` takes it."""

    run_id: str  # number of the trial; its folder is trial-<run_id>
    objective: float
    hyperparameters: dict


class Search:
    """A search in one folder.

    Args:
        config: what every trial trains; the space says what differs.
        metric, maximize: which evaluation counts, unless `objective`, a function of the metrics, says it.
        space: as `read_space` takes it, or a function of an optuna trial that suggests values and may return them.
        pruning: whether trials that do worse than the median of the others at the same evaluation end early.
        parallel: trials at a time.
    """

    def __init__(
        self, folder: Path, config: Config, metric: str, maximize: bool, space=None,
        objective: Callable[[dict], float] | None = None, pruning: bool = True, parallel: int = 1,
    ):  # fmt: skip
        self.folder, self.config, self.metric, self.maximize = Path(folder), config, metric, maximize
        self.objective = objective or (lambda metrics: metrics[metric])
        self.space: Space | Callable = space if callable(space) else read_space(space, config)
        self.pruning, self.parallel = pruning, parallel
        self.running: dict[int, Trial] = {}
        self.failures = 0

    def run(self, n_trials: int) -> BestRun:
        """Continues until `n_trials` have come to an end in all, those of earlier processes included.

        Raises: TrainingError when no trial succeeds, or several in a row fail; ConfigError for a folder of another
        search.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_about()
        self.study = self._open_study()
        try:
            self._take_up_running()
            while True:
                while len(self.running) < self.parallel and self._begun() < n_trials:
                    self._begin()
                if not self.running:
                    break
                for number, trial in list(self.running.items()):
                    self._look_at(number, trial)
                time.sleep(POLL)
        finally:
            for trial in self.running.values():
                trial.stop()
        return self.best()

    def best(self) -> BestRun:
        done = self._finished()
        if not done:
            raise TrainingError(f"{self.folder}: no trial came to its end; see trial-*/train.log")
        best = (max if self.maximize else min)(done, key=lambda t: t.value)
        return BestRun(str(best.number), best.value, best.user_attrs["hyperparameters"])

    def _begin(self):
        frozen = self.study.ask()
        if callable(self.space):
            values = self.space(frozen) or frozen.params
        else:
            values = {key: dimension.suggest(frozen, key) for key, dimension in self.space.items()}
        frozen.set_user_attr("hyperparameters", values)
        trial = Trial(self.folder / f"trial-{frozen.number}")
        trial.plan(assign(self.config.copy(), values, "search space"))
        self._start(frozen.number, trial)

    def _start(self, number: int, trial: Trial):
        trial.start()
        self.running[number] = trial
        values = self._frozen(number).user_attrs["hyperparameters"]
        shown = ", ".join(f"{key}={_short(value)}" for key, value in values.items())
        logger.info("trial %d%s: %s", number, "" if trial.attempts == 1 else " continues", shown)

    def _take_up_running(self):
        """Trials that another process left unfinished: continued when they have a plan, else given up."""
        from optuna.trial import TrialState

        for frozen in self.study.get_trials(states=(TrialState.RUNNING,)):
            trial = Trial(self.folder / f"trial-{frozen.number}")
            if not trial.planned or "hyperparameters" not in frozen.user_attrs:
                self.study.tell(frozen.number, state=TrialState.FAIL)
            elif trial.finished():
                self._end(frozen.number, trial)
            else:
                self._start(frozen.number, trial)

    def _look_at(self, number: int, trial: Trial):
        state = trial.poll()
        reported = self._report(number, trial)
        if state == "killed":
            logger.warning("trial %d was killed from outside; it goes on from its last checkpoint", number)
            self._start(number, trial)
        elif state == "failed":
            self._fail(number, trial)
        elif state == "finished":
            self._end(number, trial)
        elif self.pruning and reported is not None and reported.should_prune() and not trial.trained():
            trial.stop()
            self._tell(number, trial, "PRUNED", f"trial {number} does worse than half of the others; it ends early")

    def _report(self, number: int, trial: Trial):
        """Tells the study of evaluations that are new, by their number; the pruner compares equal numbers.

        Returns: optuna's trial, or None when nothing was new.
        """
        from optuna.trial import Trial as OptunaTrial

        known, values = len(self._frozen(number).intermediate_values), self._values(trial)
        if len(values) <= known:
            return None
        told = OptunaTrial(self.study, self._frozen(number)._trial_id)
        for step in range(known, len(values)):
            told.report(values[step], step)
        return told

    def _end(self, number: int, trial: Trial):
        values = [value for value in self._values(trial) if math.isfinite(value)]
        if not values:
            raise ConfigError(f"{trial.folder}: nothing was evaluated; set data.eval, and train.eval_strategy to epoch")
        value = max(values) if self.maximize else min(values)
        before = self._finished()
        self.study.tell(number, value)
        del self.running[number]
        self.failures = 0
        logger.info("trial %d: %s %.5f, best %.5f (trial %s)", number, self.metric, value, *self.best()[1::-1])
        for frozen in (*before, self._frozen(number)):
            if str(frozen.number) != self.best().run_id:
                Trial(self.folder / f"trial-{frozen.number}").drop_checkpoints()

    def _fail(self, number: int, trial: Trial):
        self.failures += 1
        reason = trial.reason()
        self._tell(number, trial, "FAIL", f"trial {number} failed: {reason}")
        if self.failures >= FAILURES:
            raise TrainingError(f"{self.failures} trials in a row failed, the last one with: {reason}")

    def _tell(self, number: int, trial: Trial, state: str, line: str):
        from optuna.trial import TrialState

        self.study.tell(number, state=TrialState[state])
        del self.running[number]
        trial.drop_checkpoints()
        logger.warning(line)

    def _values(self, trial: Trial) -> list[float]:
        return [float(self.objective(record)) for record in trial.evaluations()]

    def _begun(self) -> int:
        """Trials that have ended well or early, or run; failed ones are made up for."""
        from optuna.trial import TrialState

        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        return len(self.study.get_trials(deepcopy=False, states=states))

    def _finished(self) -> list:
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))

    def _frozen(self, number: int):
        return self.study.get_trials(deepcopy=False)[number]

    def _open_study(self):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        url = f"sqlite:///{(self.folder / STUDY_FILE).resolve()}"
        study = optuna.create_study(
            storage=url, study_name="search", load_if_exists=True,
            direction="maximize" if self.maximize else "minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3) if self.pruning else optuna.pruners.NopPruner(),
        )  # fmt: skip
        # a sampler of its own seed for every process, else a resumed search would draw its first values again
        study.sampler = optuna.samplers.TPESampler(seed=self.config.seed + len(study.trials))
        return study

    def _check_about(self):
        """A folder holds one search: the same configuration, space and direction."""
        space = "function" if callable(self.space) else {key: repr(value) for key, value in self.space.items()}
        about = {"config": self.config.to_yaml(), "space": space, "metric": self.metric, "maximize": self.maximize}
        path = self.folder / ABOUT_FILE
        if path.is_file():
            before = json.loads(path.read_text(encoding="utf-8"))
            changed = [key for key in about if before.get(key) != about[key]]
            if changed:
                raise ConfigError(
                    f"{self.folder} holds a search with another {' and '.join(changed)}; repeat its settings to "
                    "continue it, or choose another folder (output_dir, on the command line --output)"
                )
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        os.replace(aside, path)


def _short(value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
