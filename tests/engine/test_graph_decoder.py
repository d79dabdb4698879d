"""Texts by a network of MindSpore's: the logits of a NumPy forward, and no neighbour changes a text."""

from concurrent.futures import ThreadPoolExecutor, wait
from unittest.mock import Mock

import mindspore as ms
import numpy as np
import pytest
from decoder_forward import logits
from mindspore import Tensor

from tasklab.config import Config, ModelConfig
from tasklab.engine.graph_decoder import GraphDecoder
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog
from tasklab.kernels import build
from tasklab.networks import NETWORKS
from tasklab.nn.init import initialize
from tasklab.nn.lora import Adapter
from tests.generation.table import Letters

MODEL = {
    "encoder": "gpt", "vocab_size": 23, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 12, "max_position_embeddings": 100, "embedding_norm": False,
    "embeddings": ["word"], "norm": "rms", "norm_position": "pre", "feed_forward": "gated", "hidden_act": "silu",
    "use_bias": False, "rotary": True, "tie_word_embeddings": False, "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}  # fmt: skip


class Words(Letters):
    eos_id = 22


GRAPH = pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow, id="graph")


@pytest.fixture
def decoder(request):
    ms.set_context(mode=request.param)
    network = NETWORKS.get("causal")(Config(model=ModelConfig(**MODEL), kernels="off"))
    initialize(network, seed=0, std=0.5)
    for name, parameter in network.parameters_and_names():
        if name.endswith("norm.weight"):
            parameter.set_data(Tensor(np.linspace(0.5, 1.5, parameter.size), ms.float32))
    return GraphDecoder(network, 100, CompileLog()), network


@pytest.mark.parametrize("decoder", [pytest.param(ms.PYNATIVE_MODE, id="pynative")], indirect=True)
def test_logits_are_those_of_numpy(decoder, rng):
    own, network = decoder
    tensors = {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}
    ids = rng.integers(0, 23, 5)
    np.testing.assert_allclose(
        own.extend([3], [ids])[0], logits(ModelConfig(**MODEL), tensors, ids[None])[0, -1], atol=1e-5
    )


@pytest.mark.parametrize("decoder", [GRAPH], indirect=True)
def test_logits_are_those_of_numpy_however_tokens_come(decoder, rng):
    own, network = decoder
    tensors = {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}
    ids = rng.integers(0, 23, 100)
    expected = logits(ModelConfig(**MODEL), tensors, ids[None])[0]
    found = own.extend([0, 1], [ids[:10], ids[:66]])
    np.testing.assert_allclose(found, expected[[9, 65]], atol=1e-5)
    own.copy([1], [2], [62])
    pieces = [own.extend([2], [ids[at : at + 1]])[0] for at in range(62, 66)]
    np.testing.assert_allclose(pieces, expected[62:66], atol=1e-5)
    assert np.array_equal(pieces[-1], found[1])  # the same bits
    own.copy([0], [1], [8])
    assert np.array_equal(own.extend([1], [ids[8:10]])[0], found[0])
    own.cut([0, 2], [0, 64])
    np.testing.assert_allclose(own.extend([0], [ids])[0], expected[99], atol=1e-5)
    np.testing.assert_allclose(own.extend([2], [ids[64:96]])[0], expected[95], atol=1e-5)
    assert own.compiles.count == 2  # up to 64 places before a block, and up to 128


@pytest.mark.parametrize("decoder", [pytest.param(ms.PYNATIVE_MODE, id="pynative")], indirect=True)
def test_an_interrupted_answer_leaves_nothing_behind(decoder):
    config = Config(model=ModelConfig(**MODEL), kernels="off")
    runner = NetworkRunner(decoder[1], config, CompileLog(), served, Words())
    config.generation.max_new_tokens = 3
    before = runner.generate([[1, 2]], config.generation)
    with pytest.raises(KeyboardInterrupt):
        runner.generate([[1, 2]], config.generation, Mock(side_effect=KeyboardInterrupt))
    assert runner.generate([[1, 2]], config.generation) == before


@pytest.mark.parametrize("decoder", [pytest.param(ms.PYNATIVE_MODE, id="pynative")], indirect=True)
def test_threads_that_share_a_runner_take_turns(decoder):
    config = Config(model=ModelConfig(**MODEL), kernels="off")
    runner = NetworkRunner(decoder[1], config, CompileLog(), served, Words())
    config.generation.max_new_tokens = 3
    alone = [runner.generate([prompt], config.generation) for prompt in ([1, 2], [3])]
    with ThreadPoolExecutor(1) as pool:
        others = []

        def interrupts(number, text):
            if not others:
                others.append(pool.submit(runner.generate, [[3]], config.generation))
                wait(others, timeout=0.2)  # it would be done, were it not for the turn of this one

        assert [runner.generate([[1, 2]], config.generation, interrupts), others[0].result()] == alone


@pytest.mark.parametrize("decoder", [GRAPH], indirect=True)
def test_a_text_does_not_depend_on_its_batch(decoder, rng):
    config = Config(model=ModelConfig(**MODEL), kernels="off")
    runner = NetworkRunner(decoder[1], config, CompileLog(), served, Words())
    config.generation.max_new_tokens = 4
    prompts = [rng.integers(0, 22, 1 + n % 4) for n in range(6)]
    together = runner.generate(prompts, config.generation)
    assert [runner.generate([prompt], config.generation)[0] for prompt in prompts] == together
    assert runner.generate(prompts[::-1], config.generation) == together[::-1]
    assert runner.compiles.count == 1
    config.kernels = "auto"
    fast = runner.generate(prompts, config.generation)
    assert runner.compiles.count == 1 and [one.ids for (one,) in fast] == [one.ids for (one,) in together]
    np.testing.assert_allclose([one.score for (one,) in fast], [one.score for (one,) in together], atol=1e-5)


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
def test_the_kernels_generate_with_the_weights_as_they_are_now():
    config = Config(model=ModelConfig(**MODEL))
    network = NETWORKS.get("causal")(config)
    runner = NetworkRunner(network, config, CompileLog(), served, Words())
    found = []
    for word in (3, 5):  # equal states, so the matrix of the last product decides
        weight = np.zeros((23, 8), np.float32)
        weight[word] = 1
        network.head.decoder.weight.set_data(Tensor(weight))
        network.encoder.embeddings.word.weight.set_data(Tensor(np.ones((23, 8), np.float32)))
        network.encoder.norm.weight.set_data(Tensor(np.ones(8, np.float32)))
        config.generation.max_new_tokens = 2
        found.append(runner.generate([[1]], config.generation)[0][0].ids)
    assert found == [(3, 3), (5, 5)]


@pytest.mark.skipif(build.library() is None, reason=build.why_not())
def test_the_kernels_generate_with_adapters_too(rng):
    config = Config(model=ModelConfig(**MODEL))
    network = NETWORKS.get("causal")(config)
    initialize(network, seed=0, std=0.5)
    runner = NetworkRunner(network, config, CompileLog(), served, Words())
    plain = runner.generate([[1, 2]], config.generation)[0][0].log_probabilities
    part = network.encoder.layers[0].feed_forward.intermediate
    part.lora = Adapter(8, 12, rank=2, scale=0.5)
    a, b = rng.standard_normal((2, 8)).astype(np.float32), rng.standard_normal((12, 2)).astype(np.float32)
    part.lora.a.set_data(Tensor(a))
    part.lora.b.set_data(Tensor(b))
    beside = runner.generate([[1, 2]], config.generation)[0][0].log_probabilities
    part.lora = None
    part.weight.set_data(Tensor(part.weight.asnumpy() + 0.5 * b @ a))
    merged = runner.generate([[1, 2]], config.generation)[0][0].log_probabilities
    np.testing.assert_allclose(beside, merged, atol=1e-4)
    assert len(plain) != len(beside) or not np.allclose(plain, beside, atol=1e-2)
