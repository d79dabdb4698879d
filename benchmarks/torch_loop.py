"""What the PyTorch twins share: tasklab's rows as tensors, AdamW and the linear schedule as transformers has them."""

import argparse
import os

import numpy as np
import torch

from tasklab.engine.length import length_of
from tasklab.engine.row_order import RowOrder

PARTS = 4
"""A batch goes through in parts of like length: the same gradient with less padding."""


def parser(description: str, *names: str) -> argparse.ArgumentParser:
    """The arguments of a twin: recipe, weights, what else it names, settings as key=value, and the seed."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    for name in ("recipe", "weights", *names):
        made.add_argument(name)
    made.add_argument("overrides", nargs="*")
    made.add_argument("--seed", type=int, default=42)
    return made


def prepare(seed: int):
    torch.set_num_threads(min(torch.get_num_threads(), len(os.sched_getaffinity(0))))  # OMP_NUM_THREADS counts too
    torch.manual_seed(seed)


def pretrained(network_class, weights, config, **more):
    """transformers' network from a folder, with the dropout of tasklab's configuration."""
    model = config.model
    return network_class.from_pretrained(
        weights, hidden_dropout_prob=model.hidden_dropout_prob,
        attention_probs_dropout_prob=model.attention_probs_dropout_prob, **more,
    )  # fmt: skip


def padded(features, rows, names=("input_ids", "attention_mask", "token_type_ids")) -> dict:
    """The rows padded to their longest."""
    batch = features.batch(rows, {"input": int(features.lengths["input"][rows].max())}, len(rows), names)
    return {name: torch.from_numpy(batch[name].astype(np.int64)) for name in names}


def train(network, features, config, loss, weights):
    """Yields the number of each epoch behind which tasklab evaluates; batches are those of tasklab with the same seed.

    loss: row numbers -> their losses' sum; weights: [rows], what each row counts in the mean over a batch.
    """
    peak, every, parameters = config.optimizer.lr, config.train.logging_steps, list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.optimizer.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=tuple(config.optimizer.betas), eps=config.optimizer.eps)
    order = RowOrder(features, config)
    total, epochs, between, _ = length_of(config.train, order.steps_per_epoch)
    warmup = int(config.schedule.warmup_ratio * total)
    step, losses = 0, []
    for epoch in range(epochs):
        network.train()
        for (batch,) in order.steps(epoch):
            factor = step / warmup if step < warmup else (total - step) / (total - warmup)
            for group in optimizer.param_groups:
                group["lr"] = peak * factor
            rows = batch.rows[np.argsort(features.lengths["input"][batch.rows], kind="stable")]
            losses.append(0.0)
            for part in np.array_split(rows, min(PARTS, len(rows))):
                share = loss(part) / float(weights[rows].sum())
                share.backward()
                losses[-1] += share.item()
            torch.nn.utils.clip_grad_norm_(parameters, config.train.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % every == 0:
                print(f"global step {step}, loss: {np.mean(losses[-every:]):.5f}", flush=True)
        if (epoch + 1) % between == 0 or epoch + 1 == epochs:
            yield epoch + 1


def outputs(network, features, forward):
    """Yields (rows, forward(rows) as arrays) as `Task.decode` takes them."""
    network.eval()
    order = np.argsort(-features.lengths["input"], kind="stable")
    with torch.inference_mode():
        for i in range(0, len(order), 32):
            rows = order[i : i + 32]
            yield rows, tuple(output.numpy() for output in forward(rows))


def run(task, network, rows, loss, weights, forward):
    """Trains, scores when tasklab does with the task's own scorer, and prints each score and the best.

    loss, forward: functions of (features, row numbers).
    """
    examples, _ = task.read(task.config.data.eval, False)
    examples = examples[: task.config.data.limit]
    held_out = task.encode(examples, False)
    best = None
    for epoch in train(network, rows, task.config, lambda part: loss(rows, part), weights):
        found = outputs(network, held_out, lambda part: forward(held_out, part))
        scores = task.score(task.decode(found, held_out, examples), examples)
        print(f"epoch {epoch}: {scores}", flush=True)
        name = task.config.train.metric_for_best_model or task.metric
        best = scores if best is None or scores[name] > best[name] else best
    print(f"best: {best}")
