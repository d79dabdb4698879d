"""Encoder-decoders by MindSpore's operators: transformers' logits, and the texts of the kernels' decoder."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab.config import Config, ModelConfig
from tasklab.engine.graph_decoder import GraphDecoder
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog
from tasklab.networks import NETWORKS
from tests.generation.table import Letters
from tests.seq2seq_reference import CASES, pairs_of, reference, tensors_of


class Words(Letters):
    eos_id = 1


@pytest.fixture(scope="module")
def numbers():
    return reference()


def network_of(case, numbers):
    """(network, config) with the weights of the case."""
    model = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "decoder_start_token_id": 0}
    config = Config(model=ModelConfig(**{**CASES[case], **model}), kernels="off")
    network, tensors = NETWORKS.get("seq2seq")(config), tensors_of(case, numbers)
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.asarray(tensors[name], np.float32)))
    return network, config


@pytest.mark.parametrize("mode", [pytest.param(ms.GRAPH_MODE, marks=pytest.mark.slow, id="graph"), ms.PYNATIVE_MODE])
@pytest.mark.parametrize("case", ["t5", pytest.param("bart_scaled", marks=pytest.mark.slow)])
def test_logits_are_those_of_transformers(case, mode, numbers):
    ms.set_context(mode=mode)
    network, config = network_of(case, numbers)
    decoder, (sources, targets) = GraphDecoder(network, config.model.max_tokens, CompileLog()), pairs_of(numbers)
    decoder.read([1], sources[1:2])
    decoder.copy([1], [0], [0])
    found = decoder.extend([0], targets[1:2])
    np.testing.assert_allclose(found, numbers[f"{case}:logits"][1:2, -1], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["t5", "t5_gated", "bart_scaled", "pegasus"])
def test_texts_are_those_of_the_kernels_and_of_no_batch(case, numbers):
    ms.set_context(mode=ms.GRAPH_MODE)
    network, config = network_of(case, numbers)
    runner, (sources, _) = NetworkRunner(network, config, CompileLog(), served, Words()), pairs_of(numbers)
    config.generation.max_new_tokens = 8
    for beams in (1, 3):
        config.generation.num_beams = beams
        together = runner.generate([[0]] * len(sources), config.generation, sources=sources)
        alone = [runner.generate([[0]], config.generation, sources=[source])[0] for source in sources]
        assert alone == together
        config.kernels = "auto"
        fast = runner.generate([[0]] * len(sources), config.generation, sources=sources)
        config.kernels = "off"
        assert [one.ids for (one,) in fast] == [one.ids for (one,) in together]
        np.testing.assert_allclose([one.score for (one,) in fast], [one.score for (one,) in together], atol=1e-4)
    assert runner.compiles.count == 2  # one to read sources, one for the texts that answer them
