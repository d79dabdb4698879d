"""Metrics of the user's own: numbers that a function makes of an evaluation (after HuggingFace's compute_metrics)."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.protocol import Rows
from tasklab.errors import ConfigError, brief
from tasklab.runner import RowOutputs, Runner
from tasklab.task import Metrics, Task

OBJECTIVE = "objective"
"""The sum of the function's numbers, by which HuggingFace's search compares trials; among the metrics as well."""


class EvalPrediction(NamedTuple):
    """What the function gets; `predictions, label_ids = given` takes it apart.

    Where an example is one row with a label (classes, sets of classes, numbers, choices): the network's outputs [N, C]
    and the labels as the loss reads them, [N] or [N, C]. Else lists: the best answer for each example, as `predict`
    gives it, and what is right there, the example's `truth`.
    """

    predictions: np.ndarray | list
    label_ids: np.ndarray | list


class Computed:
    """A function, with the labels of the rows that are evaluated. Raises: ConfigError where there are none."""

    def __init__(self, function: Callable[[EvalPrediction], Mapping], task: Task, rows: Rows, examples: Sequence):
        self.function, self.outputs = function, None
        self.labels = _labels(task, rows) if len(rows) == len(examples) else None
        self.truths = [] if self.labels is not None else [_truth(example, task) for example in examples]

    def watching(self, run: Runner) -> Runner:
        """`run`, whose outputs are kept where they are what the function gets."""
        return run if self.labels is None else lambda rows: self._kept(run(rows))

    def __call__(self, predictions: list[list]) -> Metrics:
        """The function's numbers, and their sum as OBJECTIVE. predictions: as `Task.answer` gives them."""
        if self.labels is None:
            given = EvalPrediction([answers[0] for answers in predictions], self.truths)
        else:
            given = EvalPrediction(self.outputs, self.labels)
        metrics = self.function(given)
        if not isinstance(metrics, Mapping) or not all(isinstance(v, (Real, np.ndarray)) for v in metrics.values()):
            raise ConfigError(f"compute_metrics returned {brief(metrics)}; expected a dict of names and numbers")
        numbers = {str(name).removeprefix("eval_"): float(value) for name, value in metrics.items()}
        return {OBJECTIVE: sum(numbers.values())} | numbers

    def _kept(self, outputs: RowOutputs) -> RowOutputs:
        for numbers, arrays in outputs:
            if self.outputs is None:
                self.outputs = np.zeros((len(self.labels), *arrays[0].shape[1:]), np.float32)
            self.outputs[numbers] = arrays[0]
            yield numbers, arrays


def _labels(task: Task, rows: Rows) -> np.ndarray | None:
    """The column that the loss compares outputs with, where it has a place for each row."""
    loss = task.loss()
    return rows.dense.get(loss.labels[0]) if loss is not None and isinstance(rows, FeatureTable) else None


def _truth(example, task: Task):
    for name in ("truth", "label"):
        if hasattr(example, name):
            return getattr(example, name)
    raise ConfigError(f"compute_metrics: {task.config.task} measures as it goes and has no answers to compare")
