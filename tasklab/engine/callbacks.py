"""What listens to a run: log lines and progress bar, metrics.jsonl, curves, TensorBoard, and the user's own."""

import json
import logging
import sys
from pathlib import Path

from tasklab.content import read_content
from tasklab.engine.curves import draw_curves
from tasklab.engine.selection import watched_metric
from tasklab.errors import ConfigError, MissingDependency
from tasklab.replacing import replace_text

logger = logging.getLogger("tasklab")

MAX_LOG = 1 << 30  # bytes of a metrics.jsonl
METRICS_FILE, CURVES_FILE = "metrics.jsonl", "curves.png"
REPORT_FOLDER, PREDICTIONS_FILE = "report", "predictions.json"
SHOWN = {"f1": "F1", "bleu4": "BLEU-4"}
"""Metrics that a log line spells in another way."""


class Callback:
    """Listens to a run; subclass it and override what you need. `loop` carries state, config and run folder.

    `record` is a dict: for on_log global_step, epoch, loss, lr, grad_norm, speed; for on_evaluate global_step,
    epoch and the metrics. on_best follows on_evaluate when the score, loop.state.best_metric, is better than the best
    one `before`, or equal to it and of more worth (`selection.judge`).
    """

    def on_train_begin(self, loop): ...

    def on_step_end(self, loop): ...

    def on_log(self, loop, record: dict): ...

    def on_evaluate(self, loop, record: dict): ...

    def on_best(self, loop, before: float | None): ...

    def on_save(self, loop, folder: Path): ...

    def on_epoch_end(self, loop): ...

    def on_train_end(self, loop): ...


class ProgressLog(Callback):
    """One line per logging interval, and a bar where a person is watching."""

    def __init__(self):
        self._bar = None

    def on_train_begin(self, loop):
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=loop.state.total_steps, initial=loop.state.global_step, unit="step", leave=False)

    def on_step_end(self, loop):
        if self._bar is not None:
            self._bar.update()

    def on_log(self, loop, record):
        self._say(
            f"global step {record['global_step']}, epoch: {record['epoch']}, loss: {record['loss']:.5f}, "
            f"speed: {record['speed']:.2f} step/s, lr: {record['lr']:.3g}, time left: {_clock(record['seconds_left'])}"
        )

    def on_evaluate(self, loop, record):
        metrics = {k: v for k, v in record.items() if k not in ("global_step", "epoch")}
        self._say(f"{loop.task.title} = {metrics}")

    def on_best(self, loop, before):
        name, state = watched_metric(loop.config.train, loop.task.metric), loop.state
        shown = SHOWN.get(name, name)
        if before == state.best_metric:
            why = "the later step" if state.best_loss is None else f"smaller evaluation loss {state.best_loss:.5f}"
            self._say(f"{shown} is {before:.5f} again, {why}: step {state.best_step} is the best now")
            return
        self._say(f"best {shown} performance has been updated: {before or 0.0:.5f} --> {state.best_metric:.5f}")

    def on_train_end(self, loop):
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _say(self, text: str):
        if self._bar is not None:
            self._bar.clear()
        logger.info(text)
        if self._bar is not None:
            self._bar.refresh()


class MetricsFile(Callback):
    """Every record as one JSON line; after a resume the lines beyond the checkpoint are dropped first."""

    def on_train_begin(self, loop):
        self.path = loop.run.path / METRICS_FILE
        records, damaged = _records_in(self.path)
        stepped = [record for record in records if type(record.get("global_step")) is int]
        if damaged := damaged + len(records) - len(stepped):
            logger.warning("%s: %d lines are no records of a run and are left out", self.path, damaged)
        kept = [r for r in stepped if 0 < r["global_step"] <= loop.state.global_step]
        if not kept:  # a run that measures nothing leaves nothing
            self.path.unlink(missing_ok=True)
            return
        replace_text(self.path, "".join(json.dumps(r) + "\n" for r in kept))

    def on_log(self, loop, record):
        self._append({"kind": "train", **record})

    def on_evaluate(self, loop, record):
        self._append({"kind": "evaluate", **record})

    def _append(self, record: dict):
        line = json.dumps(record, default=float) + "\n"  # NumPy's float32 is no Python float
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:  # no reason to lose the run; a checkpoint that cannot be written stops it
            logger.warning("%s: cannot be written (%s); training goes on", self.path, error)


class Curves(Callback):
    """Redraws curves.png after every evaluation and at the end; comes after MetricsFile, whose file it reads."""

    def on_evaluate(self, loop, record):
        self._draw(loop)

    def on_train_end(self, loop):
        self._draw(loop)

    def _draw(self, loop):
        path = loop.run.path / CURVES_FILE
        try:
            draw_curves(read_metrics(loop.run.path / METRICS_FILE), path, loop.config.name)
        except OSError as error:
            logger.warning("%s: cannot be written (%s); training goes on", path, error)


class TensorBoard(Callback):
    """Scalars for TensorBoard below <run>/tensorboard, through tensorboardX. Raises MissingDependency without it."""

    def on_train_begin(self, loop):
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise MissingDependency("train.tensorboard needs tensorboardX: pip install tensorboardX") from None
        folder = loop.run.path / "tensorboard"
        if folder.is_symlink():
            raise ConfigError(f"{folder}: a link, which is not followed; remove it, or set train.tensorboard: false")
        self.writer = SummaryWriter(str(folder))

    def on_log(self, loop, record):
        self._write("train", record)

    def on_evaluate(self, loop, record):
        self._write("evaluate", record)

    def on_train_end(self, loop):
        self.writer.close()

    def _write(self, group: str, record: dict):
        for name, value in record.items():
            if name not in ("global_step", "epoch"):
                self.writer.add_scalar(f"{group}/{name}", value, record["global_step"])


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds; more than 24 hours stay hours."""
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def read_metrics(path: Path) -> list[dict]:
    """Records of a metrics.jsonl; a line cut off by a kill or a full disk is left out, and so is a damaged one."""
    return _records_in(path)[0]


def _records_in(path: Path) -> tuple[list[dict], int]:
    """The records, and how many lines are none."""
    try:
        lines = read_content(path, MAX_LOG).split(b"\n")
    except OSError:
        return [], 0
    found = [_record(line) for line in lines if line.strip(b" \t\r\0")]
    return [record for record in found if record], found.count(None)


def _record(line: bytes) -> dict | None:
    try:
        record = json.loads(line.decode("utf-8"))
        if record["kind"] not in ("train", "evaluate"):
            return None
        [float(value) for value in record.values() if isinstance(value, int)]  # one of 400 digits is no float
        return record
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
