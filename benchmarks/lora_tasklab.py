"""tasklab's side of lora_training.py: the network, step and optimizer of a training; one JSON line."""

import json
import sys
import time
from pathlib import Path

import mindspore as ms
import numpy as np
from work_batches import peak_mb

from tasklab.adapted import adapt
from tasklab.config import LoraConfig, OptimizerConfig, resolve
from tasklab.engine.optim import optimizer_for
from tasklab.engine.rates import freeze
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.networks import NETWORKS
from tasklab.nn.losses.causal import CausalLoss
from tasklab.weights.files import lazy_safetensors
from tasklab.weights.loading import load_into
from tasklab.weights.tables import find_format, to_tasklab


def main(folder: Path):
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    said = json.loads((folder / "lora.json").read_text())
    config = resolve(task="text_generation", model="smollm2_135m_instruct")
    network = NETWORKS.get("causal")(config)
    tensors = lazy_safetensors(folder / "weights" / "model.safetensors")
    load_into(network, to_tasklab(tensors, find_format("huggingface", "llama"), "causal")[0])
    targets = ["feed_forward.output" if name == "down" else "attention.output" if name == "output" else name
               for name in said["targets"]]  # fmt: skip
    adapt(network, LoraConfig(rank=said["rank"], targets=targets, modules_to_save=[]), seed=0)
    for name, parameter in network.parameters_and_names():
        parameter.requires_grad = ".lora." in name
        if name.endswith(".lora.a"):
            _, _, layer, block, dense, _, _ = name.split(".")
            dense = "down" if (block, dense) == ("feed_forward", "output") else dense
            drawn = np.random.default_rng((int(layer), *dense.encode())).uniform(-1, 1, parameter.shape)
            parameter.set_data(ms.Tensor((drawn * parameter.shape[1] ** -0.5).astype(np.float32)))
    freeze(network, {})
    step = GradientStep(network, CausalLoss(), CompileLog())
    optimizer = optimizer_for(step.parameters, OptimizerConfig(weight_decay=0.0), max_grad_norm=1.0)
    times, spent, losses = [], [], []
    for tokens in np.load(folder / "tokens.npy"):
        targets = np.append(tokens[:, 1:], np.full((len(tokens), 1), -1), 1).astype(np.int32)
        places = np.tile(np.arange(tokens.shape[1], dtype=np.int32), (len(tokens), 1))
        columns = {
            "input_ids": tokens, "documents": np.ones_like(tokens), "position_ids": places, "target_ids": targets,
            "sample_weight": np.ones(len(tokens), np.float32),
        }  # fmt: skip
        loss, weight, grads = step.run(columns, 0)
        optimizer.accumulate(grads)
        optimizer.step(1e-3, 1 / weight)
        losses.append(loss / weight)
        times.append(time.perf_counter())
        spent.append(time.process_time())
    print(json.dumps({
        "clock": float(np.median(np.diff(times))), "processors": float(np.median(np.diff(spent))), "losses": losses,
        "peak_mb": peak_mb(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
