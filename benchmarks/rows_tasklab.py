"""tasklab's side where both train on the same rows of a file: the steps, and what they took."""

import time

import numpy as np
from work_batches import of_steps

from tasklab.config import OptimizerConfig
from tasklab.data.rows.buckets import plan_axes
from tasklab.engine.optim import optimizer_for
from tasklab.engine.step import CompileLog, GradientStep


def trained(prepared, examples, order: np.ndarray, lr: float) -> dict:
    """`of_steps` of a training from what `tasklab.model.prepare_start` gave.

    order [steps, rows]: numbers of the examples that make up each step.
    """
    task, config = prepared.task, prepared.task.config
    table, network = task.encode(examples, True), prepared.load().network
    own = table.lengths["input"]
    planned = plan_axes(table.lengths, config.data.num_buckets, config.data.max_length)["input"]
    step = GradientStep(network, task.loss(), CompileLog())
    optimizer = optimizer_for(step.parameters, OptimizerConfig(weight_decay=0.0, eps=1e-8), max_grad_norm=1.0)
    batches = []
    for rows in order:
        length = {"input": planned[int(np.searchsorted(planned, own[rows].max()))]}
        batches.append(table.batch(rows, length, len(rows), step.columns[:-1]))
    times, losses = [(time.perf_counter(), time.process_time())], []
    for batch in batches:
        loss, count, grads = step.run(batch, seed=0)
        losses.append(loss / count)
        optimizer.accumulate(grads)
        optimizer.step(lr, 1.0 / count)
        times.append((time.perf_counter(), time.process_time()))
    return of_steps(times, losses)
