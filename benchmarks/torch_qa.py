"""A PyTorch twin of `tasklab train qa_minilm_l6 train.epochs=1`: same files, windows and hyperparameters.

python benchmarks/torch_qa.py WEIGHTS_DIR train.json dev.json [--seed 42]
The windows and the decoding are tasklab's own, so that only network, optimizer and batch order differ.
"""

import argparse
import time

import numpy as np
import torch
from transformers import BertForQuestionAnswering

from tasklab.config import resolve
from tasklab.tasks.question_answering import QADataConfig, QuestionAnswering
from tasklab.text.wordpiece import WordPiece

BATCH, LR, DECAY, WARMUP, CLIP = 12, 5e-5, 0.01, 0.1, 1.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("train")
    parser.add_argument("dev")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(options.seed)
    config = resolve("question_answering", "minilm_l6", data_class=QADataConfig)
    task = QuestionAnswering(config, WordPiece(f"{options.weights}/vocab.txt"))
    network = BertForQuestionAnswering.from_pretrained(options.weights)
    examples, _ = task.read(options.train, True)
    train(network, task.encode(examples, True), np.random.default_rng(options.seed))
    examples, _ = task.read(options.dev, False)
    features = task.encode(examples, False)
    print(task.score(task.decode(outputs(network, features), features, examples), examples))


def train(network, features, rng):
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": DECAY},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LR)
    order = rng.permutation(len(features))
    total = -(-len(order) // BATCH)
    warmup = int(WARMUP * total)
    network.train()
    start, losses = time.perf_counter(), []
    for step in range(total):
        factor = step / warmup if step < warmup else (total - step) / (total - warmup)
        for group in optimizer.param_groups:
            group["lr"] = LR * factor
        rows = order[step * BATCH : (step + 1) * BATCH]
        batch = padded(features, rows)
        labels = {k: torch.from_numpy(features[k][rows].astype(np.int64)) for k in ("start_positions", "end_positions")}
        loss = network(**batch, **labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            speed = (step + 1) / (time.perf_counter() - start)
            print(f"global step {step + 1}, loss: {np.mean(losses[-50:]):.5f}, speed: {speed:.2f} step/s", flush=True)
    print(f"{len(order) / (time.perf_counter() - start):.2f} windows/s in training", flush=True)


def outputs(network, features):
    network.eval()
    order = np.argsort(-features.lengths["input"], kind="stable")
    start = time.perf_counter()
    with torch.inference_mode():
        for i in range(0, len(order), 32):
            rows = order[i : i + 32]
            logits = network(**padded(features, rows))
            yield rows, (logits.start_logits.numpy(), logits.end_logits.numpy())
    print(f"{len(order) / (time.perf_counter() - start):.2f} windows/s in evaluation", flush=True)


def padded(features, rows) -> dict:
    """The rows padded to their longest."""
    names = ("input_ids", "attention_mask", "token_type_ids")
    batch = features.batch(rows, {"input": int(features.lengths["input"][rows].max())}, len(rows), names)
    return {name: torch.from_numpy(batch[name].astype(np.int64)) for name in names}


if __name__ == "__main__":
    main()
