"""Scores a network in memory on what its run evaluates on, or on another file, beside what simple rules score."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from tasklab.config import DataConfig
from tasklab.console import Scores
from tasklab.content import from_home
from tasklab.data.files.answers import arranged, write_answers
from tasklab.datahub import at_hand
from tasklab.dataset import Dataset, load_dataset
from tasklab.errors import ConfigError
from tasklab.runs.data_file import remembered_data
from tasklab.runs.held_out import is_held_out, read_held_out
from tasklab.runs.history import read_baselines
from tasklab.session.held_out import held_out_data
from tasklab.session.ready import Ready
from tasklab.session.shortfall import warnings_of
from tasklab.session.trained import Trained
from tasklab.session.typed import typed_input
from tasklab.task import Metrics, Task

logger = logging.getLogger("tasklab")


def evaluate(
    ready: Ready, data: DataConfig, predictions_file=None, report_folder=None, compute_metrics: Callable | None = None
) -> dict[str, float]:
    """Metrics on data.eval, by default what the run of these weights evaluates on; in the log, what stands behind them
    and what learning nothing gives.

    report_folder: where each class, the confusion matrix and the wrong answers are written to, if anywhere.
    """
    from tasklab.engine.evaluate import Evaluator
    from tasklab.engine.reports import say, write_predictions, write_report

    task, checkpoint = ready.model.task, Path(ready.key[0])
    data, own_rows = _evaluation_data(task, data, checkpoint)
    start = time.perf_counter()
    evaluator = Evaluator(task, ready.scorer, data.features, data.examples, compute_metrics, ready.has_loss)
    metrics, ready.example = evaluator(), typed_input(task, data.examples)
    seconds = time.perf_counter() - start
    logger.info(Scores(task.title, metrics))
    baselines = task.baselines(data.examples)
    if own_rows:
        baselines |= _of_the_run(checkpoint.parent, baselines)
    for name, scores in baselines.items():
        logger.info(Scores(name, scores, ": "))
    report = evaluator.report()
    say(report, thorough=True)
    past = Trained.behind(checkpoint, ready.model.config, own_rows)
    for warning in warnings_of(task, metrics, baselines, evaluator.predictions, report.classes, data.features, past):
        logger.warning("%s", warning)
    if report_folder is not None:
        write_report(report, Path(report_folder), task.config.name, task.perfect)
    logger.info("%d rows in %.1f s (%.1f rows/s)", len(data.features), seconds, len(data.features) / seconds)
    if predictions_file is not None and task.layout == "by_id":  # what the scorers of other programs take
        write_answers(predictions_file, arranged([answers[0] for answers in evaluator.predictions], task.layout))
    elif predictions_file is not None:
        write_predictions(evaluator, Path(predictions_file))
    return metrics


def _of_the_run(folder: Path, computed: dict[str, Metrics]) -> dict[str, Metrics]:
    """The baselines that a run was told beside, those that learn from its training among them, where they still hold:
    what is computed anew comes to the same."""
    baselines = read_baselines(folder)
    return baselines if all(baselines.get(name) == metrics for name, metrics in computed.items()) else {}


def _evaluation_data(task: Task, asked: DataConfig, checkpoint: Path) -> tuple[Dataset, bool]:
    """What to evaluate on, and whether the run of the checkpoint does so itself."""
    path, own = asked.eval_path, None
    if checkpoint.is_absolute():  # a folder, and no name
        own = remembered_data(checkpoint.parent)["data.eval"]
    path = path or own
    if not is_held_out(path):
        if asked.eval_share is not None:
            message = f"{checkpoint} is of no run that holds a part of its data out; name a file to evaluate on"
            raise ConfigError(f"data.eval = {asked.eval}: {message}")
        file = at_hand(path, training=False)
        return load_dataset(task, file, training=False), own is not None and Path(file).absolute() == Path(own)
    kept, source = read_held_out(at_hand(path, training=False)), remembered_data(Path(path).parent)["data.train"]
    if asked.eval_share not in (None, kept.how.get("share")):
        raise ConfigError(f"data.eval = {asked.eval}, but the run held out {kept.how}; leave data.eval out for that")
    if source is None or not from_home(source).exists():
        source = asked.train or source  # the data was moved
    return held_out_data(task, at_hand(source, training=True), kept), path == own
