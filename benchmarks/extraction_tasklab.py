"""tasklab's side of extraction_training.py: `make` writes weights and rows, `run` trains and answers; one JSON line."""

import json
import sys
import time
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


def main(mode: str, folder: Path, data: str, vocabulary: str, steps: int):
    overrides = {
        "data.train": data, "tokenizer.vocab": vocabulary, "model.hidden_dropout_prob": 0.0,
        "model.attention_probs_dropout_prob": 0.0, "data.max_seq_length": LENGTH, "evaluate.batch_size": BATCH,
        "data.negative_ratio": None,  # all rows
    }  # fmt: skip
    config = resolve(
        model="ie_small_chinese", data_class=Task.data_config, defaults=Task.defaults, overrides=[overrides]
    )
    prepare_device(config, training=True)
    model = start_model(config, None)
    task = model.task
    table, format_ = task.encode(task.read(data, True)[0], True), find_format("huggingface", "bert")
    if mode == "make":
        tensors = {p.name: p.asnumpy() for p in model.network.get_parameters()}
        named = {name: np.array(a) for name, a in from_tasklab(tensors, format_, "spans")[0].items()}
        save_file(named, folder / "model.safetensors", {"format": "pt"})
        (folder / "config.json").write_text(json.dumps({key: config.model[key] for key in SIZES}))
        order = np.random.default_rng(0).permutation(len(table))
        order = np.resize(order, steps * BATCH).reshape(steps, BATCH)
        columns = (*model.network.inputs, *task.loss().labels)
        batches = [table.batch(rows, {"input": LENGTH}, BATCH, columns) for rows in order]
        rows = table.batch(np.arange(len(table)), {"input": LENGTH}, len(table), columns)
        for name, several in (("batches", {k: np.stack([b[k] for b in batches]) for k in batches[0]}), ("rows", rows)):
            np.savez(folder / f"{name}.npz", **several)
        print("{}")
        return
    load_into(model.network, to_tasklab(lazy_safetensors(folder / "model.safetensors"), format_, "spans")[0])
    step = GradientStep(model.network, task.loss(), CompileLog())
    optimizer = optimizer_for(step.parameters, config.optimizer, max_grad_norm=1.0)
    spent, losses, batches = [], [], dict(np.load(folder / "batches.npz"))
    for number in range(steps):
        loss, weight, grads = step.run({name: column[number] for name, column in batches.items()}, 0)
        optimizer.accumulate(grads)
        optimizer.step(1e-3, 1 / weight)
        losses.append(float(loss / weight))
        spent.append(time.process_time())
    run = NetworkRunner(model.network.set_train(False), config, CompileLog(), planned, task.tokenizer)
    answered = []
    for _ in range(3):
        start = time.process_time()
        for _ in run(table):
            pass
        answered.append(len(table) / (time.process_time() - start))
    print(json.dumps({"step": float(np.median(np.diff(spent))), "prompts": max(answered), "losses": losses}))


SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "hidden_act", "layer_norm_eps", "hidden_dropout_prob",
    "attention_probs_dropout_prob",
)  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:5], int(sys.argv[5]))
