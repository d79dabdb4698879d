"""A PyTorch twin of the first steps of a `tasklab train mlm_...` run: same weights, same masked batches, its losses.

python benchmarks/torch_mlm.py RUN_FOLDER [--from minilm_l6] [--steps 20] [--threads 2]
The run was made with train.logging_steps=1, fp32, without dropout or accumulation. Start weights are built as tasklab
builds them, random ones from the run's seed, and given to transformers' BertForMaskedLM or, with a sentence target,
BertForPreTraining, which compute loss and gradients in their own way: for every token, not for the masked ones alone.
Data, masks, batch order and learning rates are tasklab's own.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining

from tasklab.config import export
from tasklab.dataset import load_dataset
from tasklab.engine.row_order import RowOrder
from tasklab.engine.schedule import learning_rate
from tasklab.model import start_model
from tasklab.runs.data_file import remembered_data
from tasklab.runs.history import read_metrics
from tasklab.trainer import Trainer
from tasklab.weights.tables import find_format, from_tasklab


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--from", dest="start")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logged = [record for record in read_metrics(options.run / "metrics.jsonl") if "loss" in record and "lr" in record]
    config = Trainer(model=str(options.run)).config
    config.data.train = remembered_data(options.run)["data.train"]
    if options.start is None:
        config.from_scratch = True
        config.tokenizer.vocab = str(next(options.run.glob("checkpoint-*")) / "vocab.txt")
    model = start_model(config, options.start)
    task, config = model.task, model.config
    network = twin(model, task.pairs)
    features = load_dataset(task, config.data.train, training=True).features
    order = RowOrder(features, config)
    total = config.train.max_steps or config.train.epochs * order.steps_per_epoch
    optimizer = adamw(network, config)
    worst, seconds = 0.0, []
    for step in range(min(options.steps, total)):
        epoch, place = divmod(step, order.steps_per_epoch)
        (batch,) = order.steps(epoch)[place]
        columns = features.of_epoch(epoch).batch(batch.rows, batch.lengths, config.train.batch_size)
        start = time.perf_counter()
        loss = forward(network, columns, task.pairs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.train.max_grad_norm)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config.optimizer.lr, config.schedule, total)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        ours = logged[step]["loss"]
        worst = max(worst, abs(ours - loss.item()))
        print(f"step {step + 1}: tasklab {ours:.5f}, torch {loss.item():.5f}", flush=True)
    rows = config.train.batch_size / np.median(seconds)
    print(f"largest difference {worst:.1e}; torch {rows:.1f} rows/s (median step, {options.threads} threads)")


def twin(model, pairs: bool):
    """transformers' network with the weights of ours."""
    table = find_format("huggingface", "bert")
    ours = {name: parameter.asnumpy().copy() for name, parameter in model.network.parameters_and_names()}
    theirs, lost = from_tasklab(ours, table)
    described = export.huggingface(model.config.model, "bert", None)
    network = (BertForPreTraining if pairs else BertForMaskedLM)(BertConfig(**described))
    tensors = {name: torch.from_numpy(np.array(tensor)) for name, tensor in theirs.items()}
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    tied = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
    if lost or unexpected or set(missing) - tied:
        raise SystemExit(f"the weights do not fit: {lost} {unexpected} {missing}")
    network.tie_weights()
    return network.train()


def adamw(network, config):
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.optimizer.weight_decay},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=tuple(config.optimizer.betas), eps=config.optimizer.eps)


def forward(network, columns: dict, pairs: bool):
    ids, mask, types = (
        torch.from_numpy(columns[name]).long() for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    labels = np.full(columns["input_ids"].shape, -100)
    rows, places = np.nonzero(columns["masked_labels"] >= 0)
    labels[rows, columns["masked_positions"][rows, places]] = columns["masked_labels"][rows, places]
    more = {}
    if pairs:
        sentences = np.where(columns["sentence_labels"] < 0, -100, columns["sentence_labels"])
        more["next_sentence_label"] = torch.from_numpy(sentences).long()
    labels = torch.from_numpy(labels)
    return network(ids, attention_mask=mask, token_type_ids=types, labels=labels, **more).loss


if __name__ == "__main__":
    main()
