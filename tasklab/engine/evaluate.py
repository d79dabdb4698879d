"""Scores a network over every example, by the task's own official rules."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tasklab.data.rows.protocol import Rows
from tasklab.engine.computed import Computed, EvalPrediction
from tasklab.metrics.report import Report
from tasklab.runner import RowOutputs, Runner
from tasklab.task import Task

if TYPE_CHECKING:
    from mindspore import nn


class Evaluator:
    """Scores a network and remembers what it predicted last.

    Args:
        run: the network, for many rows at a time.
        rows: of the examples; where they carry the columns of the loss, the metrics hold the mean `loss` too.
        compute_metrics: the user's function; its numbers are among the metrics, and stand for ours of equal names.
        loss: False leaves the mean loss out, which takes MindSpore.
    """

    def __init__(
        self, task: Task, run: Runner, rows: Rows, examples: Sequence,
        compute_metrics: Callable[[EvalPrediction], Mapping] | None = None, loss: bool = True,
    ):  # fmt: skip
        self.task, self.run, self.rows, self.examples, self.predictions = task, run, rows, examples, None
        self._with_loss = loss
        self.computed = Computed(compute_metrics, task, rows, examples) if compute_metrics else None

    def __call__(self) -> dict[str, float]:
        measured = self._with_loss and measures_loss(self.task, self.rows)
        meter = LossMeter(self.run, self.task.loss() if measured else None)
        run = self.computed.watching(meter) if self.computed else meter
        self.predictions = self.task.answer(self.examples, run, rows=self.rows)
        metrics = self.task.score(self.predictions, self.examples) | meter.metrics()
        return metrics | self.computed(self.predictions) if self.computed else metrics

    def report(self) -> Report:
        """What stands behind the last score."""
        return self.task.report(self.predictions, self.examples)


def measures_loss(task: Task, rows: Rows) -> bool:
    """Whether an evaluation of these rows can tell their mean loss: they carry what it compares outputs with."""
    loss = task.loss()
    return loss is not None and rows.columns.issuperset(loss.labels)


class LossMeter:
    """A runner that sums the loss of the outputs that pass by; without a loss it lets them pass.

    Inputs: run, whose outputs they are; loss as `Task.loss` gives it.
    """

    def __init__(self, run: Runner, loss: "nn.Cell | None"):
        self.run, self.loss = run, loss
        self.sum = self.weight = 0.0

    def __call__(self, rows: Rows) -> RowOutputs:
        for numbers, outputs in self.run(rows):
            if self.loss is not None:
                self._add(rows, numbers, outputs)
            yield numbers, outputs

    def generate(self, *asked, **named):
        """As the runner does: no loss passes by."""
        return self.run.generate(*asked, **named)

    def metrics(self) -> dict[str, float]:
        return {"loss": self.sum / self.weight} if self.weight else {}

    def _add(self, rows: Rows, numbers: np.ndarray, outputs: tuple[np.ndarray, ...]):
        from mindspore import Tensor

        # a label per token runs along the outputs; one per row does not ask for a length
        length = outputs[0].shape[1] if outputs[0].ndim > 1 else 1
        batch = rows.batch(numbers, dict.fromkeys(rows.lengths, length), len(numbers), self.loss.labels)
        columns = [batch[name] for name in (*self.loss.labels, "sample_weight")]
        # construct, not a call: operators one by one, where a compiled graph per number of rows would cost more
        total, weight = self.loss.construct(*(Tensor(array) for array in (*outputs, *columns)))
        self.sum, self.weight = self.sum + float(total.asnumpy()), self.weight + float(weight.asnumpy())
