"""tasklab's side of seq2seq_training.py; one JSON line."""

import json
import sys
import time
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Tensor
from work_batches import of_steps

from tasklab.config import Config, OptimizerConfig
from tasklab.convert.loaded import read_model
from tasklab.engine.optim import optimizer_for
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.networks import NETWORKS
from tasklab.nn.losses.causal import CausalLoss
from tasklab.weights.source import source_at, weights_in


def main(folder: Path):
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    found = read_model(source_at("made", weights_in(folder / "weights")))
    model = found.description.model
    model.hidden_dropout_prob = model.attention_probs_dropout_prob = 0.0
    model.activation_dropout_prob = model.final_dropout_prob = 0.0
    network = NETWORKS.get("seq2seq")(Config(model=model))
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.ascontiguousarray(np.asarray(found.weights[name]), np.float32)))
    step = GradientStep(network, CausalLoss(), CompileLog())
    optimizer = optimizer_for(step.parameters, OptimizerConfig(weight_decay=0.0, eps=1e-8), max_grad_norm=1.0)
    columns = dict(np.load(folder / "rows.npz"))
    lr, kept = float(columns.pop("lr", 5e-5)), "kept" in columns and columns.pop("kept")
    times, losses = [(time.perf_counter(), time.process_time())], []
    for number in range(len(columns["input_ids"])):
        batch = {name: np.ascontiguousarray(column[number]) for name, column in columns.items()}
        batch.setdefault("attention_mask", np.ones_like(batch["input_ids"]))
        batch.setdefault("target_attention_mask", np.ones_like(batch["target_ids"]))
        batch |= {"sample_weight": np.ones(len(batch["input_ids"]), np.float32)}
        loss, count, grads = step.run(batch, seed=0)
        losses.append(loss / count)
        optimizer.accumulate(grads)
        optimizer.step(lr, 1.0 / count)
        del grads  # as the loop does: else they would stay through the next step
        times.append((time.perf_counter(), time.process_time()))
    if kept:
        np.savez(folder / "trained.npz", **{name: one.asnumpy() for name, one in network.parameters_and_names()})
    print(json.dumps(of_steps(times, losses)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
