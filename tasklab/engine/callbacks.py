"""What a training says as it goes: log lines, and a bar where a person is watching."""

import contextlib
import logging

from tasklab.console import Scores, bar, beside_bars
from tasklab.engine.hooks import Callback
from tasklab.engine.selection import watched_metric

logger = logging.getLogger("tasklab")

SHOWN = {"f1": "F1", "bleu4": "BLEU-4"}
"""Metrics that a log line spells in another way."""


class ProgressLog(Callback):
    """One line per logging interval, and a bar where a person is watching."""

    def on_train_begin(self, loop):
        self._until_end, state = contextlib.ExitStack(), loop.state
        self._move = self._until_end.enter_context(bar(state.total_steps, "step", "training", state.global_step))

    def on_step_end(self, loop):
        self._move(1)

    def on_log(self, loop, record):
        self._say(
            f"global step {record['global_step']}, epoch: {record['epoch']}, loss: {record['loss']:.5f}, "
            f"speed: {record['speed']:.2f} step/s, lr: {record['lr']:.3g}, time left: {_clock(record['seconds_left'])}"
        )

    def on_evaluate(self, loop, record):
        metrics = {k: v for k, v in record.items() if k not in ("global_step", "epoch")}
        self._say(Scores(loop.task.title, metrics))

    def on_best(self, loop, before):
        name, state = watched_metric(loop.config.train, loop.task.metric), loop.state
        shown = SHOWN.get(name, name)
        if before == state.best_metric:
            why = "the later step" if state.best_loss is None else f"smaller evaluation loss {state.best_loss:.5f}"
            self._say(f"{shown} is {before:.5f} again, {why}: step {state.best_step} is the best now")
            return
        then, now = f"{before or 0.0:.5f}", f"{state.best_metric:.5f}"
        if then == now:
            self._say(f"best {shown} performance is {now} so far, of step {state.best_step}")
        else:
            self._say(f"best {shown} performance has been updated: {then} --> {now}")

    def on_train_end(self, loop):
        self._until_end.close()

    def _say(self, text: str | Scores):
        with beside_bars():  # for those who have a handler of their own
            logger.info(text)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds; more than 24 hours stay hours."""
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
