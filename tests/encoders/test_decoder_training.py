"""Fifty training steps of tiny decoders against PyTorch and transformers (tests/fixtures/make_decoder_training.py)."""

import json
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.config import Config
from tasklab.convert.loaded import read_model
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.networks import NETWORKS
from tasklab.nn.losses.causal import CausalLoss
from tasklab.weights.files import TensorFile
from tasklab.weights.source import source_at, weights_in

FIXTURES, RATE = Path(__file__).parents[1] / "fixtures", 0.05
STOCK = pytest.param("off", marks=pytest.mark.slow)
FUSED = pytest.param("auto", marks=pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here"))


@pytest.mark.parametrize("choice", [STOCK, FUSED])
@pytest.mark.parametrize("case", ["gpt2", "llama", "llama_scaled", "qwen2"])
def test_losses_are_those_of_pytorch(case, choice, tmp_path):
    ms.set_context(mode=ms.GRAPH_MODE)
    expected = json.loads((FIXTURES / "decoders_training.json").read_text())[case]
    with np.load(FIXTURES / "decoders_reference.npz") as file:
        stored, start = dict(file), f"{case}:weight:"
    own = {key.removeprefix(start): np.float32(value) for key, value in stored.items() if key.startswith(start)}
    TensorFile(own)(tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(str(stored[f"{case}:config"]))
    found = read_model(source_at(str(tmp_path), weights_in(tmp_path)))
    model = found.description.model
    model.hidden_dropout_prob = model.attention_probs_dropout_prob = 0.0
    network = NETWORKS.get("causal")(Config(model=model, kernels=choice))
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.ascontiguousarray(np.asarray(found.weights[name]), np.float32)))
    step, got = GradientStep(network, CausalLoss(), CompileLog()), []
    for number in range(len(expected)):
        ids = ((stored["ids"] + number) % 40).astype(np.int32)
        places = np.tile(np.arange(ids.shape[1], dtype=np.int32), (len(ids), 1))
        targets = np.concatenate([ids[:, 1:], np.full((len(ids), 1), -1)], axis=1).astype(np.int32)
        batch = {
            "input_ids": ids, "documents": np.ones_like(ids), "position_ids": places, "target_ids": targets,
            "sample_weight": np.ones(len(ids), np.float32),
        }  # fmt: skip
        loss, count, grads = step.run(batch, seed=0)
        got.append(loss / count)
        for parameter, gradient in zip(step.parameters, grads, strict=True):
            parameter.set_data(Tensor(parameter.asnumpy() - RATE * gradient.asnumpy() / count))
    np.testing.assert_allclose(got, expected, atol=1e-4)
