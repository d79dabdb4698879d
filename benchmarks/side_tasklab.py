"""tasklab's side of compare.py: trains and predicts on prepared batches, prints one JSON line."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from work_batches import peak_mb, read_batches

from tasklab.config import read_config
from tasklab.data.rows.buckets import plan_lengths
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.engine import device
from tasklab.engine.optim import optimizer_for
from tasklab.engine.step import CompileLog, GradientStep, forward
from tasklab.model import start_model
from tasklab.tasks.question_answering import QADataConfig
from tasklab.tools.doctor.estimate import operations


def main(folder: Path, mode: str, repeat: int, precision: str):
    config = read_config(folder / "config.yaml", data_class=QADataConfig)
    config.precision = precision
    device.prepare(config)
    model = start_model(config, config.checkpoint)
    batches = read_batches(folder)
    tables = [_table(batch) for batch in batches]
    lengths = np.concatenate([table.lengths["input"] for table in tables])
    planned = plan_lengths(lengths, config.data.num_buckets, config.data.max_seq_length)
    columns = [_padded(table, planned, model) for table in tables]
    compiles, rows = CompileLog(), len(batches[0]["start_positions"])
    if mode == "train":
        step = GradientStep(model.network, model.task.loss(), compiles)
        optimizer = optimizer_for(step.parameters, config.optimizer, max_grad_norm=1.0)

        def work(number, batch):
            loss, weight, grads = step.run(batch, number)
            optimizer.accumulate(grads)
            optimizer.step(5e-5, 1.0 / weight)
            return loss / weight
    else:
        def work(number, batch):
            return float(forward(model.network, batch, compiles)[0].mean())

    start = time.perf_counter()
    work(0, columns[0])
    first = time.perf_counter() - start
    for number, batch in enumerate(columns):  # every planned shape once before the clock runs
        work(number, batch)
    start = time.perf_counter()
    values = [work(number, batch) for _ in range(repeat) for number, batch in enumerate(columns)]
    seconds = time.perf_counter() - start
    tokens, count = int(lengths.sum()), len(lengths)
    work_done = repeat * operations(config.model, tokens, tokens / count, mode == "train")
    print(json.dumps({
        "operations_per_second": work_done / seconds,
        "samples_per_second": repeat * len(columns) * rows / seconds, "seconds_to_first_step": first,
        "compile_seconds": compiles.seconds, "compiles": compiles.count, "check": values[-1],
        "peak_mb": peak_mb(),
    }))  # fmt: skip


def _table(batch: dict) -> FeatureTable:
    offsets = row_offsets([len(row) for row in batch["input_ids"]])
    ragged = {key: Ragged(np.concatenate(batch[key]), offsets) for key in ("input_ids", "token_type_ids")}
    return FeatureTable(ragged, {key: batch[key] for key in ("start_positions", "end_positions")})


def _padded(table: FeatureTable, planned, model) -> dict:
    length = next(size for size in planned if size >= table.lengths["input"].max())
    columns = (*model.network.inputs, *model.task.loss().labels)
    return table.batch(np.arange(len(table)), {"input": length}, len(table), columns)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
