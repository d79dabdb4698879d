"""Texts by a network of MindSpore's: the logits of a NumPy forward, and no neighbour changes a text."""

import mindspore as ms
import numpy as np
import pytest
from decoder_forward import logits
from mindspore import Tensor

from tasklab.config import Config, ModelConfig
from tasklab.engine.graph_decoder import GraphDecoder
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog
from tasklab.networks import NETWORKS
from tasklab.nn.init import initialize
from tests.generation.table import Letters

MODEL = {
    "encoder": "gpt", "vocab_size": 23, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 12, "max_position_embeddings": 80, "embedding_norm": False,
    "embeddings": ["word"], "norm": "rms", "norm_position": "pre", "feed_forward": "gated", "hidden_act": "silu",
    "use_bias": False, "rotary": True, "tie_word_embeddings": False, "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}  # fmt: skip


GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow, id="graph")


@pytest.fixture
def decoder(request):
    ms.set_context(mode=request.param)
    network = NETWORKS.get("causal")(Config(model=ModelConfig(**MODEL), kernels="off"))
    initialize(network, seed=0, std=0.5)
    for name, parameter in network.parameters_and_names():
        if name.endswith("norm.weight"):
            parameter.set_data(Tensor(np.linspace(0.5, 1.5, parameter.size), ms.float32))
    return GraphDecoder(network, 23, 80, CompileLog()), network


@pytest.mark.parametrize("decoder", [GRAPH, pytest.param(ms.PYNATIVE_MODE, id="pynative")], indirect=True)
def test_logits_are_those_of_numpy_however_tokens_come(decoder, rng):
    own, network = decoder
    tensors = {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}
    ids = rng.integers(0, 23, 70)
    expected = logits(ModelConfig(**MODEL), tensors, ids[None])[0]
    found = own.extend([0, 1], [ids[:10], ids[:66]])  # of 64 and of 80 tokens
    np.testing.assert_allclose(found, expected[[9, 65]], atol=1e-5)
    own.copy([0], [1], [8])
    assert np.array_equal(own.extend([1], [ids[8:10]])[0], found[0])
    own.cut([0], [0])
    np.testing.assert_allclose(own.extend([0], [ids[:70]])[0], expected[69], atol=1e-5)
    assert own.compiles.count == 2


@pytest.mark.parametrize("decoder", [GRAPH], indirect=True)
def test_a_text_does_not_depend_on_its_batch(decoder, rng):
    class Words(Letters):
        eos_id = 22

    config = Config(model=ModelConfig(**MODEL), kernels="off")
    runner = NetworkRunner(decoder[1], config, CompileLog(), served, Words())
    config.generation.max_new_tokens = 4
    prompts = [rng.integers(0, 22, 1 + n % 4) for n in range(6)]
    together = runner.generate(prompts, config.generation)
    assert [runner.generate([prompt], config.generation)[0] for prompt in prompts] == together
    assert runner.generate(prompts[::-1], config.generation) == together[::-1]
    assert runner.compiles.count == 1
