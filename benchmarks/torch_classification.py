"""A PyTorch twin of `tasklab train RECIPE`: same files, rows and hyperparameters, transformers' network.

python benchmarks/torch_classification.py RECIPE WEIGHTS_DIR DATA_DIR [--seed 42] [key=value ...]
Reading, encoding and scoring are tasklab's own, so that only network, optimizer, random head and batch order differ.
"""

import argparse
import os

import numpy as np
import torch
from torch_qa import padded
from transformers import BertForSequenceClassification

from tasklab.config import resolve
from tasklab.data.text_rows import TextDataConfig
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece

PARTS = 4
"""A batch goes through in parts of like length: the same gradient with less padding."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_intermixed_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(options.seed)
    overrides = [*options.overrides, f"data.train={options.data}", f"data.eval={options.data}"]
    config = resolve(
        model=options.recipe, data_class=TextDataConfig, defaults=TextClassification.defaults, overrides=overrides
    )
    task = TextClassification(config, WordPiece(f"{options.weights}/vocab.txt"))
    task.prepare([])
    regression = config.model.problem_type == "regression"
    outputs_wanted = 1 if regression else len(config.model.labels)
    network = BertForSequenceClassification.from_pretrained(
        options.weights, num_labels=outputs_wanted, problem_type=config.model.problem_type
    )
    rows = task.encode(task.read(config.data.train, True)[0], True)
    examples, _ = task.read(config.data.eval, False)
    held_out = task.encode(examples, False)
    best = None
    for epoch in train(network, rows, config, np.random.default_rng(options.seed), regression):
        scores = task.score(task.decode(outputs(network, held_out), held_out, examples), examples)
        print(f"epoch {epoch}: {scores}", flush=True)
        name = config.train.metric_for_best_model or task.metric
        best = scores if best is None or scores[name] > best[name] else best
    print(f"best: {best}")


def train(network, features, config, rng, regression: bool):
    """Yields the number of each epoch when it is done."""
    size, peak, epochs = config.train.batch_size, config.optimizer.lr, config.train.epochs
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.optimizer.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=tuple(config.optimizer.betas), eps=config.optimizer.eps)
    per_epoch = -(-len(features) // size)
    total = per_epoch * epochs
    warmup = int(config.schedule.warmup_ratio * total)
    kind = torch.float32 if regression else torch.int64
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
                labels = torch.from_numpy(features["labels"][part]).to(kind)
                loss = network(**padded(features, part), labels=labels).loss
                (loss * (len(part) / len(rows))).backward()
            torch.nn.utils.clip_grad_norm_(parameters, config.train.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        yield epoch


def outputs(network, features):
    network.eval()
    order = np.argsort(-features.lengths, kind="stable")
    with torch.inference_mode():
        for i in range(0, len(order), 32):
            rows = order[i : i + 32]
            yield rows, (network(**padded(features, rows)).logits.numpy(),)


if __name__ == "__main__":
    main()
