"""Runs a network over encoded rows, sorted by length so that little is padded, and scores every example."""

from collections.abc import Iterator, Sequence

import numpy as np
from mindspore import Tensor, nn

from tasklab.config import DataConfig
from tasklab.data.rows.buckets import Planned, eval_batches, plan_axes
from tasklab.data.rows.protocol import Rows
from tasklab.engine.step import CompileLog, forward
from tasklab.metrics.report import Report
from tasklab.task import Task

STEPS = (16, 32, 64, 128, 256)
"""Padded lengths for single requests, where no histogram exists; the longest one follows from the row itself."""


def padded_rows(count: int, batch_size: int) -> int:
    """Rows in a batch of `count` real ones: full size in long runs, else the next power of two, to reuse graphs."""
    return batch_size if count >= batch_size else min(batch_size, 1 << (count - 1).bit_length())


def row_outputs(
    task: Task, network: nn.Cell, features: Rows, compiles: CompileLog, planned: Planned | None = None
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Yields (row numbers [n], outputs each [n, ...]) until every row of `features` was served once.

    Args:
        planned: padded lengths of each axis; None plans them for these rows.
    """
    config = task.config
    if planned is None:
        planned = plan_axes(features.lengths, config.data.num_buckets, config.data.max_length)
    size = padded_rows(len(features), config.evaluate.batch_size)
    for batch in eval_batches(features.lengths, planned, size):
        columns = features.batch(batch.rows, batch.lengths, size, task.inputs)
        outputs = forward(network, columns, task.inputs, compiles)
        yield batch.rows, tuple(output[: len(batch.rows)] for output in outputs)


def served(rows: Rows, data: DataConfig) -> Planned:
    """`serving_lengths` of every axis."""
    return {axis: serving_lengths(int(own.max()), data.max_length(axis)) for axis, own in rows.lengths.items()}


def serving_lengths(longest: int, max_seq_length: int) -> tuple[int, ...]:
    """A fixed ladder of padded lengths, so that a long-lived predictor compiles each graph once."""
    ladder = tuple(step for step in STEPS if step < max_seq_length) + (max_seq_length,)
    return tuple(step for step in ladder if step < longest) + tuple(step for step in ladder if step >= longest)[:1]


class Evaluator:
    """Scores a network over every example, by the task's own official rules; remembers what it predicted last.

    Args:
        features: the examples' rows; where they carry their labels, the metrics hold the mean `loss` too.
    """

    def __init__(self, task: Task, network: nn.Cell, features: Rows, examples: Sequence, compiles: CompileLog):
        self.task, self.network, self.features, self.examples = task, network, features, examples
        self.compiles, self.predictions = compiles, None

    def __call__(self) -> dict[str, float]:
        losses = LossMeter(self.task, self.features)
        outputs = losses.watch(row_outputs(self.task, self.network, self.features, self.compiles))
        self.predictions = self.task.decode(outputs, self.features, self.examples, self.task.scored_answers)
        return self.task.score(self.predictions, self.examples) | losses.metrics()

    def report(self) -> Report:
        """What stands behind the last score."""
        return self.task.report(self.predictions, self.examples)


class LossMeter:
    """Sums the loss of outputs that pass by, when the rows carry their labels."""

    def __init__(self, task: Task, features: Rows):
        self.labels, self.features = task.labels, features
        self.loss = task.loss() if task.labelled_evaluation else None
        self.sum = self.weight = 0.0

    def watch(self, outputs):
        for rows, arrays in outputs:
            if self.loss is not None:
                self._add(rows, arrays)
            yield rows, arrays

    def metrics(self) -> dict[str, float]:
        return {"loss": self.sum / self.weight} if self.weight else {}

    def _add(self, rows: np.ndarray, arrays: tuple[np.ndarray, ...]):
        # a label per token runs along the outputs; one per row does not ask for a length
        length = arrays[0].shape[1] if arrays[0].ndim > 1 else 1
        batch = self.features.batch(rows, dict.fromkeys(self.features.lengths, length), len(rows), self.labels)
        columns = [batch[name] for name in (*self.labels, "sample_weight")]
        # construct, not a call: operators one by one, where a compiled graph per number of rows would cost more
        total, weight = self.loss.construct(*(Tensor(array) for array in (*arrays, *columns)))
        self.sum, self.weight = self.sum + float(total.asnumpy()), self.weight + float(weight.asnumpy())
