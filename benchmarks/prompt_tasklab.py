"""tasklab's side of prompt_training.py: writes the texts of each batch down, then trains on them; one JSON line."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from work_batches import of_steps

from tasklab import Trainer
from tasklab.config import OptimizerConfig
from tasklab.data.rows.buckets import plan_axes
from tasklab.engine.optim import optimizer_for
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.model import prepare_start
from tasklab.session.refusals import prepare_device

ROWS = 8


def main(path: Path):
    job = json.loads(path.read_text())
    data = Path(job["data"])
    overrides = [
        "model.hidden_dropout_prob=0", "model.attention_probs_dropout_prob=0", "data.columns=[label,text_a]",
        f"data.pattern={data / 'prompt.txt'}", f"data.verbalizer={data / 'verbalizer.txt'}", "loss.balanced=false",
        "data.max_seq_length=64", f"data.train={data / 'train.txt'}",
    ]  # fmt: skip
    config = Trainer(task="prompt_classification", model=job["weights"], overrides=overrides).config
    prepare_device(config, training=True)
    prepared = prepare_start(config, job["weights"])
    task = prepared.task
    examples, _ = task.read(config.data.train, True)
    order = np.concatenate([np.random.default_rng(0).permutation(len(examples)) for _ in range(job["steps"])])
    order = order[: job["steps"] * ROWS].reshape(-1, ROWS)
    texts = [[(examples[i].text_a, examples[i].label) for i in rows] for rows in order.tolist()]
    (path.parent / "rows.json").write_text(json.dumps(texts))
    table, network = task.encode(examples, True), prepared.load().network
    planned = plan_axes(table.lengths, config.data.num_buckets, config.data.max_length)["input"]
    step = GradientStep(network, task.loss(), CompileLog())
    optimizer = optimizer_for(step.parameters, OptimizerConfig(weight_decay=0.0, eps=1e-8), max_grad_norm=1.0)
    own = table.lengths["input"]
    lengths = [{"input": planned[int(np.searchsorted(planned, own[rows].max()))]} for rows in order]
    batches = [table.batch(rows, length, ROWS, step.columns[:-1]) for rows, length in zip(order, lengths, strict=True)]
    times, losses = [(time.perf_counter(), time.process_time())], []
    for batch in batches:
        loss, count, grads = step.run(batch, seed=0)
        losses.append(loss / count)
        optimizer.accumulate(grads)
        optimizer.step(5e-5, 1.0 / count)
        times.append((time.perf_counter(), time.process_time()))
    print(json.dumps(of_steps(times, losses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
