"""What a run leaves in its folder as it goes: metrics.jsonl, curves, scalars for TensorBoard."""

import json
import logging
import time

from tasklab.engine.curves import write_curves
from tasklab.engine.hooks import Callback
from tasklab.errors import ConfigError, MissingDependency
from tasklab.replacing import replace_text
from tasklab.runs.history import METRICS_FILE, records_in

logger = logging.getLogger("tasklab")

FIRST = 10  # seconds before a run is worth a picture
SHARE = 0.05  # of the time for pictures, before the end


class MetricsFile(Callback):
    """Every record as one JSON line; after a resume the lines beyond the checkpoint are dropped first."""

    def on_train_begin(self, loop):
        self.path = loop.run.path / METRICS_FILE
        records, damaged = records_in(self.path)
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
    """Redraws the curves after an evaluation, where that takes at most SHARE of the time, and at the end; comes after
    MetricsFile, whose file it reads."""

    def on_train_begin(self, loop):
        self.due = time.monotonic() + FIRST

    def on_evaluate(self, loop, record):
        began = time.monotonic()
        if began >= self.due:
            self.draw(loop)
            ended = time.monotonic()
            self.due = ended + (ended - began) / SHARE

    def on_train_end(self, loop):
        self.draw(loop)

    @staticmethod
    def draw(loop):
        try:
            write_curves(loop.run, loop.task, loop.state.best_step)
        except OSError as error:
            logger.warning("%s: cannot be written (%s); training goes on", error.filename, error)


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
