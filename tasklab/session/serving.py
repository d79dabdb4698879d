"""Evaluates and predicts with a network in memory."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tasklab.config import Config, DataConfig
from tasklab.console import Scores
from tasklab.content import from_home
from tasklab.data.files.answer_tables import with_input
from tasklab.data.files.answers import arranged, write_answers
from tasklab.data.files.portions import in_portions
from tasklab.datahub import at_hand
from tasklab.dataset import Dataset, load_dataset
from tasklab.errors import CheckpointError, ConfigError, DataError
from tasklab.runs.data_file import remembered_data
from tasklab.runs.folder import RunFolder
from tasklab.runs.held_out import is_held_out, read_held_out
from tasklab.session.frames import answer_frame, asked_of
from tasklab.session.held_out import held_out_data
from tasklab.session.native import NativeReady
from tasklab.session.ready import Ready
from tasklab.task import TASKS, Task
from tasklab.weights.sums import SUMS

logger = logging.getLogger("tasklab")


PORTION = 8192
"""Inputs that are encoded and answered together where a task reads them one by one."""


def ready_for(config: Config, run: RunFolder | None, asked, kept: Ready | None) -> Ready:
    """The network that answers, `kept` where it still does.

    Args:
        run: the run whose checkpoint is meant where `asked` names none.
        asked: weights by name or folder; None or a truth value for the run's best (or last) checkpoint, and unless it
            is True for the model's own weights where there is no run.
    Raises: CheckpointError when there are no trained weights.
    """
    untrained = False
    if asked is None or isinstance(asked, bool):
        best = config.train.load_best_model_at_end
        if run and kept and kept.serves(run.preferred(best), config):
            kept.adopt(config)
            return kept  # its files were verified when they were loaded, and not written since
        if run and (found := run.read(lambda folder: _serving(folder, config, kept), best, logger.warning)):
            return found
        untrained = not (Path(str(config.checkpoint)) / SUMS).is_file()
        asked = None if asked is True else config.checkpoint
        if asked is None:
            raise CheckpointError(_train_first(config))
    try:
        return _serving(asked, config, kept)
    except CheckpointError as error:
        if untrained:
            raise CheckpointError(f"{_train_first(config)}\n{error}") from None
        raise


def _serving(checkpoint, config: Config, kept: Ready | None) -> Ready:
    """The network of a checkpoint, `kept` where that is it."""
    if kept is None or not kept.serves(checkpoint, config):
        kept = _opened(checkpoint, config)
    kept.adopt(config)
    return kept


def _opened(checkpoint, config: Config) -> Ready:
    """A network that generates is the kernels' decoder where that can have it, and MindSpore stays out of it."""
    native = TASKS.get(config.task).generates and config.device_target in ("auto", "CPU") and config.kernels == "auto"
    return native and NativeReady.of(checkpoint, config) or Ready(checkpoint, config)


def _train_first(config: Config) -> str:
    return (
        f"no trained checkpoint of {config.name} below {Path(config.output_dir or 'output')}; train first "
        "(trainer.train() or `tasklab train`), or name a checkpoint folder"
    )


def evaluate(
    ready: Ready, data: DataConfig, predictions_file=None, report_folder=None, compute_metrics: Callable | None = None
) -> dict[str, float]:
    """Metrics on data.eval, by default what the run of these weights evaluates on; in the log, what stands behind them
    and what learning nothing gives.

    report_folder: where each class, the confusion matrix and the wrong answers are written to, if anywhere.
    """
    from tasklab.engine.evaluate import Evaluator
    from tasklab.engine.reports import say, write_predictions, write_report

    task = ready.model.task
    data = _evaluation_data(task, data, Path(ready.key[0]))
    start = time.perf_counter()
    evaluator = Evaluator(task, ready.scorer, data.features, data.examples, compute_metrics, ready.has_loss)
    metrics = evaluator()
    seconds = time.perf_counter() - start
    logger.info(Scores(task.title, metrics))
    for name, found in task.baselines(data.examples).items():
        logger.info(Scores(name, found, ": "))
    report = evaluator.report()
    say(report, thorough=True)
    if report_folder is not None:
        write_report(report, Path(report_folder), task.config.name, task.perfect)
    logger.info("%d rows in %.1f s (%.1f rows/s)", len(data.features), seconds, len(data.features) / seconds)
    if predictions_file is not None and task.layout == "by_id":  # what the scorers of other programs take
        write_answers(predictions_file, arranged([answers[0] for answers in evaluator.predictions], task.layout))
    elif predictions_file is not None:
        write_predictions(evaluator, Path(predictions_file))
    return metrics


def _evaluation_data(task: Task, asked: DataConfig, checkpoint: Path) -> Dataset:
    path = asked.eval_path
    if path is None and checkpoint.is_absolute():  # a folder, and no name
        path = remembered_data(checkpoint.parent)["data.eval"]
    if not is_held_out(path):
        if asked.eval_share is not None:
            told = f"{checkpoint} is of no run that holds a part of its data out; name a file to evaluate on"
            raise ConfigError(f"data.eval = {asked.eval}: {told}")
        return load_dataset(task, at_hand(path, training=False), training=False)
    kept, source = read_held_out(at_hand(path, training=False)), remembered_data(Path(path).parent)["data.train"]
    if asked.eval_share not in (None, kept.how.get("share")):
        raise ConfigError(f"data.eval = {asked.eval}, but the run held out {kept.how}; leave data.eval out for that")
    if source is None or not from_home(source).exists():
        source = asked.train or source  # the data was moved
    return held_out_data(task, at_hand(source, training=True), kept)


def predict(ready: Ready, input_data, top_k: int) -> Sequence:
    """The best answer per input, one array when they are vectors; or the list of the top_k best, which for vectors
    are one each."""
    return _joined(list(predict_parts(ready, input_data, top_k)), top_k)


def predict_frame(ready: Ready, input_data, top_k: int):
    """The same as a DataFrame with the inputs, see `answer_frame`."""
    examples = list(ready.model.task.parse(input_data))
    return answer_frame(input_data, examples, _joined(list(_answered(ready, examples, top_k, beside=False)), top_k))


def predict_parts(ready: Ready, input_data, top_k: int) -> Iterator[Sequence]:
    """The same, portion by portion where the task reads its input one by one. Raises DataError when there is none."""
    beside = bool(ready.model.task.config.data.output_inputs)
    return _answered(ready, ready.model.task.parse(input_data), top_k, beside)


def _joined(parts: list[Sequence], top_k: int) -> Sequence:
    if not isinstance(parts[0], np.ndarray):
        return list(chain.from_iterable(parts))
    vectors = np.concatenate(parts)
    return vectors if top_k == 1 else [[vector] for vector in vectors]


def _answered(ready: Ready, examples: Sequence | Iterator, top_k: int, beside: bool) -> Iterator[Sequence]:
    """beside: what was asked stands beside each answer."""
    task, done = ready.model.task, 0
    for portion in filter(None, in_portions(examples, PORTION) if isinstance(examples, Iterator) else [examples]):
        answers = task.answer(portion, ready.run, top_k)
        alone = top_k == 1 or isinstance(answers[0][0], np.ndarray)  # there is one vector, however many are asked for
        best = [found[0] for found in answers] if alone else answers
        if beside:
            best = [with_input(asked_of(example), found) for example, found in zip(portion, best, strict=True)]
        yield np.stack(best) if isinstance(best[0], np.ndarray) else best
        done += len(portion)
        if done > PORTION:
            logger.info("%d inputs are answered", done)
    if not done:
        raise DataError(f"predict got no input; it takes for example {task.primer}")
