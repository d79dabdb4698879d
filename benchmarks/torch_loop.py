"""What the PyTorch twins share: tasklab's rows as tensors, AdamW and the linear schedule as transformers has them."""

import os

import numpy as np
import torch

PARTS = 4
"""A batch goes through in parts of like length: the same gradient with less padding."""


def prepare(seed: int):
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(seed)


def padded(features, rows, names=("input_ids", "attention_mask", "token_type_ids")) -> dict:
    """The rows padded to their longest."""
    batch = features.batch(rows, int(features.lengths[rows].max()), len(rows), names)
    return {name: torch.from_numpy(batch[name].astype(np.int64)) for name in names}


def train(network, features, config, seed: int, loss, weights):
    """Yields the number of each epoch when it is done.

    loss: row numbers -> their losses' sum; weights: [rows], what each row counts in the mean over a batch.
    """
    size, peak, epochs = config.train.batch_size, config.optimizer.lr, config.train.epochs
    rng, parameters = np.random.default_rng(seed), list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.optimizer.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=tuple(config.optimizer.betas), eps=config.optimizer.eps)
    per_epoch = -(-len(features) // size)
    total = per_epoch * epochs
    warmup = int(config.schedule.warmup_ratio * total)
    step = 0
    for epoch in range(1, epochs + 1):
        network.train()
        order = rng.permutation(len(features))
        for i in range(per_epoch):
            factor = step / warmup if step < warmup else (total - step) / (total - warmup)
            for group in optimizer.param_groups:
                group["lr"] = peak * factor
            rows = order[i * size : (i + 1) * size]
            for part in np.array_split(rows[np.argsort(features.lengths[rows], kind="stable")], min(PARTS, len(rows))):
                (loss(part) / float(weights[rows].sum())).backward()
            torch.nn.utils.clip_grad_norm_(parameters, config.train.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        yield epoch


def outputs(network, features, forward):
    """Yields (rows, forward(rows) as arrays) as `Task.decode` takes them."""
    network.eval()
    order = np.argsort(-features.lengths, kind="stable")
    with torch.inference_mode():
        for i in range(0, len(order), 32):
            rows = order[i : i + 32]
            yield rows, tuple(output.numpy() for output in forward(rows))


def run(task, network, rows, seed: int, loss, weights, forward):
    """Trains, scores after every epoch with the task's own scorer, and prints each score and the best.

    loss, forward: functions of (features, row numbers).
    """
    examples, _ = task.read(task.config.data.eval, False)
    examples = examples[: task.config.data.limit]
    held_out = task.encode(examples, False)
    best = None
    for epoch in train(network, rows, task.config, seed, lambda part: loss(rows, part), weights):
        found = outputs(network, held_out, lambda part: forward(held_out, part))
        scores = task.score(task.decode(found, held_out, examples), examples)
        print(f"epoch {epoch}: {scores}", flush=True)
        name = task.config.train.metric_for_best_model or task.metric
        best = scores if best is None or scores[name] > best[name] else best
    print(f"best: {best}")
