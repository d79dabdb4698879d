"""tasklab's side of extraction_training.py: `make` writes weights and rows, `run` trains and answers, `score` scores
what both sides answered; one JSON line."""

import json
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tasklab.config import resolve
from tasklab.engine.optim import optimizer_for
from tasklab.engine.runner import NetworkRunner, planned
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.model import start_model
from tasklab.session.refusals import prepare_device
from tasklab.tasks.information_extraction import InformationExtraction as Task
from tasklab.weights.files import lazy_safetensors
from tasklab.weights.loading import load_into
from tasklab.weights.tables import find_format, from_tasklab, to_tasklab

BATCH, LENGTH = 32, 160
FORMAT = find_format("huggingface", "bert")
SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "hidden_act", "layer_norm_eps", "hidden_dropout_prob",
    "attention_probs_dropout_prob",
)  # fmt: skip


def main(mode: str, path: Path):
    job, folder = json.loads(path.read_text()), path.parent
    overrides = {
        "data.train": job["data"], "tokenizer.vocab": job["vocabulary"], "model.hidden_dropout_prob": 0.0,
        "model.attention_probs_dropout_prob": 0.0, "data.max_seq_length": LENGTH, "evaluate.batch_size": BATCH,
        "data.negative_ratio": job["negative_ratio"],
    }  # fmt: skip
    config = resolve(
        model="ie_small_chinese", data_class=Task.data_config, defaults=Task.defaults, overrides=[overrides]
    )
    prepare_device(config, training=True)
    model = start_model(config, None)
    files = {"rows": job["data"], **({"dev": job["evaluate"]} if job["evaluate"] else {})}
    examples = {name: model.task.read(file, name == "rows")[0] for name, file in files.items()}
    tables = {name: model.task.encode(own, False) for name, own in examples.items()}
    told = {
        "make": lambda: _make(model, examples["rows"], tables, folder, job["steps"]),
        "run": lambda: _run(model, config, tables, folder, job["steps"]),
        "score": lambda: _scores(model.task, examples, tables, folder),
    }[mode]()
    print(json.dumps(told))


def _make(model, examples, tables: dict, folder: Path, steps: int) -> dict:
    tensors = {p.name: p.asnumpy() for p in model.network.get_parameters()}
    named = {name: np.array(a) for name, a in from_tasklab(tensors, FORMAT, "spans")[0].items()}
    save_file(named, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({key: model.config.model[key] for key in SIZES}))
    columns = (*model.network.inputs, *model.task.loss().labels)
    batches = list(_batches(model.task.encode(examples, True), steps, columns))
    np.savez(folder / "batches.npz", **{name: np.stack([b[name] for b in batches]) for name in batches[0]})
    for name, table in tables.items():
        everything = table.batch(np.arange(len(table)), {"input": LENGTH}, len(table), model.network.inputs)
        np.savez(folder / f"{name}.npz", **everything)
    return {}


def _batches(rows, steps: int, columns):
    """Full batches of epochs that are shuffled one by one."""
    drawn = np.random.default_rng(0)
    for epoch in count():
        own, order = rows.of_epoch(epoch), drawn.permutation(len(rows))
        for at in range(0, len(order) - BATCH + 1, BATCH):
            if not steps:
                return
            yield own.batch(order[at : at + BATCH], {"input": LENGTH}, BATCH, columns)
            steps -= 1


def _run(model, config, tables: dict, folder: Path, steps: int) -> dict:
    load_into(model.network, to_tasklab(lazy_safetensors(folder / "model.safetensors"), FORMAT, "spans")[0])
    step = GradientStep(model.network, model.task.loss(), CompileLog())
    optimizer = optimizer_for(step.parameters, config.optimizer, max_grad_norm=1.0)
    spent, losses, batches = [], [], dict(np.load(folder / "batches.npz"))
    for number in range(steps):
        loss, weight, grads = step.run({name: column[number] for name, column in batches.items()}, 0)
        optimizer.accumulate(grads)
        optimizer.step(1e-3, 1 / weight)
        losses.append(float(loss / weight))
        spent.append(time.process_time())
    run = NetworkRunner(model.network.set_train(False), config, CompileLog(), planned, model.task.tokenizer)
    answered = []
    for _ in range(3):
        start = time.process_time()
        for _ in run(tables["rows"]):
            pass
        answered.append(len(tables["rows"]) / (time.process_time() - start))
    for name, table in tables.items():
        logits = np.zeros((2, len(table), LENGTH), np.float32)  # start, end
        for numbers, outputs in run(table):
            for side, scores in zip(logits, outputs, strict=True):
                side[numbers, : scores.shape[1]] = scores
        np.save(folder / f"tasklab_{name}.npy", logits)
    return {"step": float(np.median(np.diff(spent))), "prompts": max(answered), "losses": losses}


def _scores(task, examples: dict, tables: dict, folder: Path) -> dict:
    """Exact spans of every file by side, and by the strings that answered in training."""
    found = {name: task.baselines(own, examples["rows"]) for name, own in examples.items()}
    for name, own in examples.items():
        for side in ("tasklab", "torch"):
            outputs = [(np.arange(len(tables[name])), np.load(folder / f"{side}_{name}.npy"))]
            found[name][side] = task.score(task.decode(outputs, tables[name], own), own)
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
