"""Runs a network over encoded rows, sorted by length so that little is padded, and scores every example."""

from collections.abc import Iterator, Sequence

import numpy as np
from mindspore import nn

from tasklab.data.buckets import eval_batches, plan_lengths
from tasklab.data.features import FeatureTable
from tasklab.engine.step import CompileLog, forward
from tasklab.task import Task

STEPS = (16, 32, 64, 128, 256)
"""Padded lengths for single requests, where no histogram exists; the longest one follows from the row itself."""


def padded_rows(count: int, batch_size: int) -> int:
    """Rows in a batch of `count` real ones: full size in long runs, else the next power of two, to reuse graphs."""
    return batch_size if count >= batch_size else min(batch_size, 1 << (count - 1).bit_length())


def row_outputs(
    task: Task, network: nn.Cell, features: FeatureTable, compiles: CompileLog, planned: tuple[int, ...] | None = None
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Yields (row numbers [n], outputs each [n, ...]) until every row of `features` was served once.

    Args:
        planned: padded lengths, ascending; None plans them for these rows.
    """
    config = task.config
    if planned is None:
        planned = plan_lengths(features.lengths, config.data.num_buckets, config.data.max_seq_length)
    size = padded_rows(len(features), config.evaluate.batch_size)
    for batch in eval_batches(features.lengths, planned, size):
        columns = features.batch(batch.rows, batch.length, size, task.inputs)
        outputs = forward(network, columns, task.inputs, compiles)
        yield batch.rows, tuple(output[: len(batch.rows)] for output in outputs)


def serving_lengths(longest: int, max_seq_length: int) -> tuple[int, ...]:
    """A fixed ladder of padded lengths, so that a long-lived predictor compiles each graph once."""
    ladder = tuple(step for step in STEPS if step < max_seq_length) + (max_seq_length,)
    return tuple(step for step in ladder if step < longest) + tuple(step for step in ladder if step >= longest)[:1]


def evaluate(
    task: Task, network: nn.Cell, features: FeatureTable, examples: Sequence, compiles: CompileLog
) -> dict[str, float]:
    """Metrics of the network over every example, by the task's own official rules."""
    predictions = task.decode(row_outputs(task, network, features, compiles), features, examples)
    return task.score(predictions, examples)
