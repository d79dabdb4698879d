"""The loop of a hyperparameter search: every trial its own training, resumable after any kill."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from tasklab.config import Config, assign
from tasklab.console import bar
from tasklab.content import read_json
from tasklab.errors import ConfigError, TrainingError
from tasklab.replacing import replace_text
from tasklab.trials.space import Space, read_space
from tasklab.trials.study import BestRun, Study
from tasklab.trials.trial import POLL, Trial

logger = logging.getLogger("tasklab")

STUDY_FILE, ABOUT_FILE = "study.sqlite3", "search.json"
FAILURES = 3  # trials in a row that fail before the search gives up


class Search:
    """A search in one folder.

    Args:
        config: what every trial trains; the space says what differs.
        metric, maximize: which evaluation counts, unless `objective`, a function of the metrics, says it.
        space: as `read_space` takes it, or a function of an optuna trial that suggests values and may return them.
        pruning: whether trials that do worse than the median of the others at the same evaluation end early.
        parallel: trials at a time.
        compute_metrics: the name of the user's function that every trial calls.
    """

    def __init__(
        self, folder: Path, config: Config, metric: str, maximize: bool, space=None,
        objective: Callable[[dict], float] | None = None, pruning: bool = True, parallel: int = 1,
        compute_metrics: str | None = None,
    ):  # fmt: skip
        self.folder, self.config, self.metric, self.maximize = Path(folder), config, metric, maximize
        self.objective = objective or (lambda metrics: metrics[metric])
        self.space: Space | Callable = space if callable(space) else read_space(space, config)
        self.pruning, self.parallel, self.compute_metrics = pruning, parallel, compute_metrics
        self.running: dict[int, Trial] = {}
        self.failures = 0

    def run(self, n_trials: int) -> BestRun:
        """Continues until `n_trials` have come to an end in all, those of earlier processes included.

        Raises: TrainingError when no trial succeeds, or several in a row fail; ConfigError for a folder of another
        search.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_about()
        self.study = Study(self.folder / STUDY_FILE, self.maximize, self.pruning, self.config.seed)
        try:
            self._take_up_running()
            ended = self.study.begun() - len(self.running)
            with bar(n_trials, "trial", "search", ended) as move:
                while True:
                    while len(self.running) < self.parallel and self.study.begun() < n_trials:
                        self._begin()
                    if not self.running:
                        break
                    for number, trial in list(self.running.items()):
                        self._look_at(number, trial)
                    move(self.study.begun() - len(self.running) - ended)
                    ended = self.study.begun() - len(self.running)
                    time.sleep(POLL)
        finally:
            for trial in self.running.values():
                trial.stop()
        return self.best()

    def best(self) -> BestRun:
        """Raises TrainingError when no trial came to its end."""
        best = self.study.best()
        if best is None:
            raise TrainingError(f"{self.folder}: no trial came to its end; see trial-*/train.log")
        return best

    def _trial(self, number: int) -> Trial:
        return Trial(self.folder / f"trial-{number}", None, self.compute_metrics)

    def _begin(self):
        number = self.study.ask(self.space)
        trial = self._trial(number)
        trial.plan(assign(self.config.copy(), self.study.hyperparameters(number), "search space"))
        self._start(number, trial)

    def _start(self, number: int, trial: Trial):
        trial.start()
        self.running[number] = trial
        values = self.study.hyperparameters(number)
        shown = ", ".join(f"{key}={_short(value)}" for key, value in values.items())
        logger.info("trial %d%s: %s", number, "" if trial.attempts == 1 else " continues", shown)

    def _take_up_running(self):
        """Trials that another process left unfinished: continued when they have a plan, else given up."""
        for number in self.study.running():
            trial = self._trial(number)
            if not trial.planned or self.study.hyperparameters(number) is None:
                self.study.fail(number)
            elif trial.finished():
                self._complete(number, trial)
            else:
                self._start(number, trial)

    def _look_at(self, number: int, trial: Trial):
        state = trial.poll()
        hopeless = self.study.report(number, self._values(trial))
        if state == "killed":
            logger.warning("trial %d was killed from outside; it goes on from its last checkpoint", number)
            self._start(number, trial)
        elif state == "failed":
            self._fail(number, trial)
        elif state == "finished":
            self._complete(number, trial)
        elif hopeless and not trial.trained():
            trial.stop()
            self._prune(number, trial)

    def _complete(self, number: int, trial: Trial):
        evaluation = trial.best_evaluation(self.objective, self.maximize)
        if evaluation is None:
            raise ConfigError(f"{trial.folder}: nothing was evaluated; set data.eval, and train.eval_strategy to epoch")
        value, loss = evaluation
        self.study.complete(number, value, loss)
        self.running.pop(number, None)  # not in there when it ended between two processes
        self.failures = 0
        best = self.best()
        logger.info(
            "trial %d: %s %.5f, best %.5f (trial %s)", number, self.metric, value, best.objective, best.run_id
        )
        for done in self.study.completed():
            if str(done) != best.run_id:
                self._trial(done).drop_checkpoints()

    def _prune(self, number: int, trial: Trial):
        self.study.prune(number)
        del self.running[number]
        trial.drop_checkpoints()
        logger.warning("trial %d does worse than half of the others; it ends early", number)

    def _fail(self, number: int, trial: Trial):
        self.study.fail(number)
        del self.running[number]
        trial.drop_checkpoints()
        self.failures += 1
        reason = trial.reason()
        logger.warning("trial %d failed: %s", number, reason)
        if self.failures >= FAILURES:
            raise TrainingError(f"{self.failures} trials in a row failed, the last one with: {reason}")

    def _values(self, trial: Trial) -> list[float]:
        return [float(self.objective(record)) for record in trial.evaluations()]

    def _check_about(self):
        """A folder holds one search: the same configuration, space and direction."""
        space = "function" if callable(self.space) else {key: repr(value) for key, value in self.space.items()}
        about = {"config": self.config.to_yaml(), "space": space, "metric": self.metric, "maximize": self.maximize}
        about["compute_metrics"] = self.compute_metrics
        path = self.folder / ABOUT_FILE
        if path.is_file():
            before = read_json(path, ConfigError)
            if not isinstance(before, dict):
                raise ConfigError(f"{path}: expected one object {{...}}; move it away to begin a new search")
            changed = [key for key in about if before.get(key) != about[key]]
            if changed:
                raise ConfigError(
                    f"{self.folder} holds a search with another {' and '.join(changed)}; repeat its settings to "
                    "continue it, or choose another folder (output_dir, on the command line --output)"
                )
        replace_text(path, json.dumps(about, indent=1) + "\n")


def _short(value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
