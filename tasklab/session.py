"""One verb from start to end: data, network, loop or predictor. Kept apart so that configuring needs no MindSpore."""

import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import mindspore as ms
import numpy as np

from tasklab import kernels
from tasklab.cachedir import cache_dir
from tasklab.config import Config, DataConfig, LossConfig
from tasklab.datahub import at_hand, from_anywhere
from tasklab.dataset import load_dataset
from tasklab.engine import device
from tasklab.engine.callbacks import CURVES_FILE, Callback, Curves, MetricsFile, ProgressLog, TensorBoard
from tasklab.engine.checkpoint import RunFolder, TrainerState
from tasklab.engine.evaluate import Evaluator, row_outputs, serving_lengths
from tasklab.engine.loop import TrainingLoop
from tasklab.engine.reports import Reports, say, write_predictions, write_report
from tasklab.engine.selection import watched_metric
from tasklab.engine.step import CompileLog
from tasklab.errors import ConfigError, DataError
from tasklab.model import Model, ready_model, start_model

logger = logging.getLogger("tasklab")

DATA_FILE = "data.json"
"""In the run folder: where the run's data lies. A resume on this machine needs it, a checkpoint elsewhere does not."""


def train(
    config: Config, run: RunFolder, weights, state: TrainerState | None, moments: dict | None, callbacks: list[Callback]
) -> dict:
    """Trains in `run`; `state` and `moments` continue a run, None start one."""
    config.validate()
    _refuse_what_is_not_offered(config)
    named, config = config.data.copy(), config.copy()
    for key, training in (("train", True), ("eval", False)):  # a typo is found before MindSpore and weights are loaded
        path = at_hand(named[key], training)
        config.data[key] = path and str(path)
    _prepare_device(config, training=True)
    resumed = state is not None
    run.acquire()
    try:
        model = ready_model(config, weights) if resumed else start_model(config, weights)
        task = model.task
        _refuse_loss_settings(task)
        data = load_dataset(task, config.data.train, training=True)
        compiles = CompileLog()
        held_out_path = config.data.train if config.data.folds else config.data.eval
        held_out = load_dataset(task, held_out_path, training=False) if held_out_path else None
        if held_out is not None:
            _check_metric(task, held_out)
        evaluate = held_out and Evaluator(task, model.network, held_out.features, held_out.examples, compiles)
        listeners = [ProgressLog(), MetricsFile(), Curves(), *([TensorBoard()] if config.train.tensorboard else [])]
        listeners += [Reports(evaluate)] if evaluate else []
        loop = TrainingLoop(
            task, model.network, data.features, run, [*listeners, *callbacks], evaluate, model.files(), compiles
        )
        if resumed:
            loop.restore(state, moments)
            run.point_at_best(state.best_step)  # a kill may have come between the checkpoint and the pointer
        _remember_data(named, run)
        _announce(loop, resumed)
        start = time.perf_counter()
        final = loop.train()
        return _summary(loop, final, data, held_out, time.perf_counter() - start)
    finally:
        run.release()


class Ready:
    """A network in memory that answers many requests; its graphs stay compiled."""

    def __init__(self, checkpoint, config: Config):
        _refuse_what_is_not_offered(config)
        self.key = _identity(checkpoint, config)
        _prepare_device(config, training=False)
        self.model: Model = ready_model(config, checkpoint)
        self.compiles = CompileLog()

    def serves(self, checkpoint, config: Config) -> bool:
        return self.key == _identity(checkpoint, config)

    def adopt(self, config: Config):
        """Takes over the settings that need no new network."""
        for section in ("data", "evaluate"):
            setattr(self.model.task.config, section, getattr(config, section).copy())


def evaluate(ready: Ready, path, predictions_file=None, report_folder=None) -> dict[str, float]:
    """Metrics on the data at `path`; beside them in the log, what stands behind them and what learning nothing gives.

    report_folder: where each class, the confusion matrix and the wrong answers are written to, if anywhere.
    """
    task, network = ready.model.task, ready.model.network
    data = load_dataset(task, at_hand(path, training=False), training=False, whole=True)
    start = time.perf_counter()
    evaluator = Evaluator(task, network, data.features, data.examples, ready.compiles)
    metrics = evaluator()
    seconds = time.perf_counter() - start
    logger.info("%s = %s", task.title, metrics)
    logger.info("trivial baseline: %s", task.baseline(data.examples))
    report = evaluator.report()
    say(report, thorough=True)
    if report_folder is not None:
        write_report(report, Path(report_folder), task.config.name)
    logger.info("%d rows in %.1f s (%.1f rows/s)", len(data.features), seconds, len(data.features) / seconds)
    if predictions_file is not None:
        write_predictions(evaluator, Path(predictions_file))
    return metrics


def predict(ready: Ready, input_data, top_k: int) -> Sequence:
    """The best answer per input, or the list of the top_k best; one array when they are vectors."""
    parts = list(predict_parts(ready, input_data, top_k))
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else list(chain.from_iterable(parts))


def predict_parts(ready: Ready, input_data, top_k: int) -> Iterator[Sequence]:
    """The same, part by part, as the task cuts its input. Raises DataError when there is none."""
    task, empty = ready.model.task, True
    for examples in filter(None, task.parts(input_data)):
        empty = False
        features = task.encode(examples, training=False)
        planned = serving_lengths(int(features.lengths.max()), task.config.data.max_seq_length)
        outputs = row_outputs(task, ready.model.network, features, ready.compiles, planned)
        answers = task.decode(outputs, features, examples, top_k)
        best = [found[0] for found in answers] if top_k == 1 else answers
        yield np.stack(best) if isinstance(best[0], np.ndarray) else best
    if empty:
        raise DataError(f"predict got no input; it takes for example {task.primer}")


def remembered_data(run_folder: Path) -> dict[str, str | None]:
    """data.train and data.eval of the run in a folder; None where nothing is known."""
    known = {"data.train": None, "data.eval": None}
    try:
        told = json.loads((run_folder / DATA_FILE).read_text(encoding="utf-8"))
        return known | {key: told[key] for key in known if isinstance(told.get(key), str)}
    except (OSError, ValueError, AttributeError):
        return known


def _remember_data(data: DataConfig, run: RunFolder):
    told = {f"data.{key}": from_anywhere(data[key]) for key in ("train", "eval")}
    aside = run.path / (DATA_FILE + ".tmp")
    aside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, run.path / DATA_FILE)


def _refuse_what_is_not_offered(config: Config):
    """Settings that would be passed over in silence. Raises ConfigError."""
    if config.data_parallel > 1:
        raise ConfigError(f"data_parallel = {config.data_parallel}: this version runs one process; set it to 1")
    if config.precision == "fp16":
        raise ConfigError("precision = fp16: this version computes in fp32 or bf16; set one of them")


def _refuse_loss_settings(task):
    """Raises ConfigError for a setting of the loss that this task's loss would pass over."""
    said, plain = task.config.loss, LossConfig()
    changed = [key for key in said if said[key] != plain[key] and key not in (*task.loss_settings, "rdrop_alpha")]
    if changed:
        known = ", ".join((*task.loss_settings, "rdrop_alpha"))
        raise ConfigError(
            f"loss.{changed[0]} = {said[changed[0]]}: {task.config.task} does not know it; known there: {known}"
        )


def _why_no_bf16(config: Config) -> str:
    """Why bf16 would be passed over here, or be slower than fp32; empty when it works."""
    if ms.get_context("device_target") != "CPU":
        return "this version has it on CPUs only"
    if config.kernels == "off":
        return "it needs the fused kernels, and kernels = off"
    if not kernels.available():
        return f"it needs the fused kernels: {kernels.why_not()}"
    return "" if kernels.bf16() else "this processor has no bfloat16 products (avx512_bf16, amx_bf16)"


def _prepare_device(config: Config, training: bool):
    """The device, a precision it has, and a place for MindSpore's report on a graph that does not compile, which
    would be ./rank_0. Raises ConfigError when training cannot have bf16; predictions are made in fp32 then."""
    os.environ.setdefault("MS_OM_PATH", str(cache_dir() / "mindspore"))
    device.prepare(config)
    if config.precision == "bf16" and (why := _why_no_bf16(config)):
        if training:
            raise ConfigError(f"precision = bf16: {why}; set precision=fp32")
        logger.warning("precision = bf16: %s; computing in fp32", why)
        config.precision = "fp32"


def _check_metric(task, held_out):
    """Raises ConfigError when train.metric_for_best_model is no metric of the task: better now than after an epoch."""
    if task.config.train.metric_for_best_model is None:
        return
    name = watched_metric(task.config.train, task.metric)
    known = {*task.baseline(held_out.examples), *(["loss"] if task.labelled_evaluation else [])}
    if name not in known:
        raise ConfigError(f"train.metric_for_best_model is {name!r}; expected one of {', '.join(sorted(known))}")


def _identity(checkpoint, config: Config) -> tuple:
    """What a loaded network depends on: the files, when they were written, and where it runs."""
    path = Path(str(checkpoint))
    written = max((os.stat(p).st_mtime_ns for p in path.iterdir()), default=0) if path.is_dir() else 0
    return str(checkpoint), written, config.task, config.device_target, config.precision, config.kernels


def _announce(loop: TrainingLoop, resumed: bool):
    config, state = loop.config, loop.state
    logger.info(
        "%s on %s: %d steps (%d per epoch) of %d x %d rows, padded to %s tokens, in %s",
        config.name, device.describe(), state.total_steps, loop.order.steps_per_epoch, config.train.batch_size,
        config.train.gradient_accumulation_steps, ", ".join(map(str, loop.order.planned)), loop.run.path,
    )  # fmt: skip
    if resumed:
        left = "it is finished, nothing is left to do" if state.finished else f"{state.total_steps} in all"
        logger.info("resuming after global step %d, %s", state.global_step, left)


def _summary(loop: TrainingLoop, state: TrainerState, data, held_out, seconds: float) -> dict:
    run, compiles = loop.run, loop.compiles
    best, last = run.best(), run.checkpoints()[-1]
    logger.info(
        "trained %d steps in %.0f s, of which %.0f s compiled %d graphs", state.global_step, seconds,
        compiles.seconds, compiles.count,
    )  # fmt: skip
    if held_out is not None:
        logger.info("trivial baseline: %s", loop.task.baseline(held_out.examples))
        if learned := loop.task.learned_baseline(data.examples, held_out.examples):
            logger.info("simple baseline that learns: %s", learned)
    logger.info("checkpoints: best %s, last %s; curves: %s", best, last, run.path / CURVES_FILE)
    return {
        "global_step": state.global_step,
        "loss": state.loss_sum / max(1, state.global_step),
        "best_metric": state.best_metric,
        "best_checkpoint": str(best) if best else None,
        "last_checkpoint": str(last),
        "output_dir": str(run.path),
        "seconds": seconds,
    }
