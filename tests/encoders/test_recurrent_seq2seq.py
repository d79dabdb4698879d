"""A Transformer's decoder that reads a recurrent encoder, against UER-py's own (tests/fixtures/make_uer_stacks.py)."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.config import Config
from tasklab.config.generation_section import GenerationConfig
from tasklab.convert import convert
from tasklab.convert.loaded import read_model
from tasklab.engine.native import SEQ2SEQ, why_not
from tasklab.engine.runner import NetworkRunner, served
from tasklab.engine.step import CompileLog
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS
from tasklab.weights.source import source_at, weights_in
from tests.generation.table import Letters
from tests.uer_stacks import folder, reference

CASES = pytest.mark.parametrize("case", ["lstm", "gru_both_ways", "bilstm"])
NATIVE = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")


class Words(Letters):
    eos_id = None


def opened(path):
    return read_model(source_at(str(path), weights_in(path)))


def filled(model, choice="off"):
    config = Config(model=model.description.model, kernels=choice)
    network = NETWORKS.get("seq2seq")(config).set_train(False)
    for name, parameter in network.parameters_and_names():
        parameter.set_data(Tensor(np.ascontiguousarray(np.asarray(model.weights[name]), np.float32)))
    return network, config


def log_probabilities(case):
    """[B, T, V]"""
    logits = reference()[f"{case}:logits"].astype(np.float64)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def told(network, case):
    """Of drawn targets, and what UER-py's logits say of them: [B, T] both, 0 in the padding."""
    sources, answers = (reference()[f"{case}:{name}"].astype(np.int32) for name in ("sources", "answers"))
    masks = [(ids > 0).astype(np.int32) for ids in (sources, answers)]  # 0 is padding, and drawn nowhere
    targets = np.where(masks[1], np.random.default_rng(3).integers(0, 40, answers.shape), -1).astype(np.int32)
    (found,) = network(*map(Tensor, (sources, masks[0], answers, masks[1], targets)))
    expected = np.take_along_axis(log_probabilities(case), targets.clip(0)[..., None], -1)[..., 0]
    return found.asnumpy(), np.where(targets >= 0, expected, 0)


@pytest.mark.parametrize("choice", ["off", pytest.param("auto", marks=NATIVE)])
@CASES
def test_words_are_as_probable_as_in_uer(case, choice, tmp_path):
    ms.set_context(mode=ms.PYNATIVE_MODE)
    found, expected = told(filled(opened(folder(tmp_path / case, case)), choice)[0], case)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@CASES
def test_uers_files_come_back_as_they_were(case, tmp_path):
    source, silent = folder(tmp_path / case, case), {"say": lambda line: None}
    convert(source, tmp_path / "ours", "tasklab", **silent)
    convert(tmp_path / "ours", tmp_path / "back", "uer", **silent)
    first, again = opened(source), opened(tmp_path / "back")
    assert (again.head, again.description.model) == ("seq2seq", first.description.model)
    for name, tensor in first.weights.items():
        np.testing.assert_allclose(np.asarray(again.weights[name]), np.asarray(tensor), rtol=1e-6, err_msg=name)


@CASES
def test_the_score_of_a_text_is_its_loss(case, tmp_path):
    ms.set_context(mode=ms.PYNATIVE_MODE)
    network, config = filled(opened(folder(tmp_path / case, case)))
    run = NetworkRunner(network, config, CompileLog(), served, Words())
    sources = [ids[ids > 0].astype(np.int32) for ids in reference()[f"{case}:sources"]]
    settings, start = GenerationConfig(max_new_tokens=4), np.array([1], np.int32)
    for source, (found,) in zip(sources, run.generate([start] * 3, settings, sources=sources), strict=True):
        read = np.array([[1, *found.ids[:-1]]], np.int32)
        given = (source[None], np.ones_like(source[None]), read, np.ones_like(read), np.array([found.ids], np.int32))
        (logs,) = network(*map(Tensor, given))
        np.testing.assert_allclose(found.log_probabilities, logs.asnumpy()[0], atol=1e-5)


def test_the_kernels_decoder_says_that_it_reads_transformers_alone(tmp_path):
    if kernels.available():
        model = opened(folder(tmp_path / "a", "lstm")).description.model
        assert why_not(model, SEQ2SEQ) == "model.encoder lstm with model.mask None is no encoder of a decoder's"


@pytest.mark.parametrize("change, line", [
    ({"intermediate_size": None}, "model.intermediate_size has no value; the decoder needs it"),
    ({"kernel_size": 5}, "model.kernel_size = 5: encoder 'lstm' does not know it; remove it, or name an encoder that"),
    ({"encoder": "cnn"}, "model.encoder is cnn; a decoder reads the states of one of: bert, rnn, lstm, gru, birnn"),
])  # fmt: skip
def test_what_no_decoder_can_read_is_told(change, line, tmp_path):
    model = opened(folder(tmp_path / "a", "lstm")).description.model
    for key, value in change.items():
        model[key] = value
    with pytest.raises(ConfigError, match=line):
        NETWORKS.get("seq2seq")(Config(model=model, kernels="off"))
