"""k-fold cross-validation: every part of the training data is held out once, by a training of its own."""

import json
import logging
import time
from pathlib import Path
from statistics import fmean, stdev

from tasklab.config import Config
from tasklab.console import bar
from tasklab.content import read_json
from tasklab.data.files.kept import tables_in
from tasklab.errors import ConfigError, TrainingError
from tasklab.replacing import replace_text
from tasklab.runs.history import PREDICTIONS_FILE, REPORT_FOLDER
from tasklab.targets import TARGETS
from tasklab.trials.trial import POLL, Trial

logger = logging.getLogger("tasklab")

FOLDS_FILE = "folds.json"
AT_THE_END = 10**9
"""Optimizer steps between two evaluations, so that there is one, at the end: no choice is made on what is held out."""


def cross_validate(folder, config: Config, folds: int, parallel: int = 1, compute_metrics: str | None = None) -> dict:
    """Trains `folds` times below `folder`, or goes on with it; returns mean, deviation and folds, each metric by name.

    `folder`/fold-<k> is the run that held part k out; predictions.json joins what all of them predicted there.
    Raises: TrainingError when a training fails; ConfigError without training data.
    """
    if config.data.train is None:
        raise ConfigError("cross-validation needs data.train")
    config = config.copy()
    tables_in(config.data, Path(folder))
    trials = [Trial(Path(folder) / f"fold-{number}", None, compute_metrics) for number in range(folds)]
    for number, trial in enumerate(trials):
        plan = _plan(config, folds, number)
        if not trial.planned:
            trial.plan(plan)
        elif not trial.is_plan(plan):
            raise ConfigError(f"{trial.folder} was planned with other settings; repeat them, or choose another folder")
    _train_all(trials, parallel)
    scores = [trial.evaluations()[-1] for trial in trials]
    result = _summary(scores)
    _write(Path(folder) / FOLDS_FILE, result)
    _write(Path(folder) / PREDICTIONS_FILE, _joined(trials))
    for name, mean in result["mean"].items():
        logger.info("%s: %.4f, deviation %.4f over %d folds", name, mean, result["deviation"][name], folds)
    return result


def _plan(config: Config, folds: int, number: int) -> Config:
    config = config.copy()
    config.data.folds, config.data.fold, config.data.eval = folds, number, None
    if config.train.early_stopping_patience is None:
        config.train.eval_strategy, config.train.eval_steps = "steps", AT_THE_END
    has_prob = "prob" in TARGETS.get(config.model.problem_type).scores
    if has_prob and "output_prob" in config.data and "output_prob" not in config.data.passed_over:
        config.data.output_prob = True  # for stacking
    return config.validate()


def _train_all(trials: list[Trial], parallel: int):
    waiting, running = [trial for trial in trials if not trial.finished()], []
    try:
        with bar(len(trials), "fold", "cross-validation", len(trials) - len(waiting)) as move:
            while waiting or running:
                while waiting and len(running) < parallel:
                    running.append(waiting.pop(0))
                    running[-1].start()
                    logger.info("%s: training", running[-1].folder)
                time.sleep(POLL)
                for trial in list(running):
                    state = trial.poll()
                    if state == "killed":
                        trial.start()
                    elif state == "failed":
                        raise TrainingError(f"{trial.folder}: {trial.reason()}")
                    elif state == "finished":
                        running.remove(trial)
                        move(1)
    finally:
        for trial in running:
            trial.stop()


def _summary(scores: list[dict]) -> dict:
    """Mean and standard deviation (of a sample) of every number that all folds have."""
    hidden = ("kind", "global_step", "epoch", "total")
    names = [k for k, v in scores[0].items() if k not in hidden and isinstance(v, (int, float))]
    columns = {name: [score[name] for score in scores] for name in names if all(name in score for score in scores)}
    return {
        "mean": {name: fmean(values) for name, values in columns.items()},
        "deviation": {name: stdev(values) for name, values in columns.items()},
        "folds": [{name: score[name] for name in columns} for score in scores],
    }


def _joined(trials: list[Trial]) -> list[dict]:
    """The predictions for all examples, each by the training that has not seen it, in the order of the file."""
    rows = []
    for trial in trials:
        rows += read_json(trial.folder / REPORT_FOLDER / PREDICTIONS_FILE, TrainingError)
    return sorted(rows, key=lambda row: (len(str(row["id"])), str(row["id"])))


def _write(path: Path, content):
    replace_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
