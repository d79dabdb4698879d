"""Sentence classification: pooling by hand, the whole network against transformers, losses worked out in NumPy."""

import math
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor

from tasklab.config import ModelConfig
from tasklab.encoders import ENCODERS
from tasklab.engine.step import SummedLoss
from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.network import PooledNetwork
from tasklab.nn.losses.classes import ClassificationLoss, MultiLabelLoss, RegressionLoss
from tasklab.weights.tables import FORMATS, to_tasklab

FIXTURES = Path(__file__).parents[1] / "fixtures"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MODEL = ModelConfig(
    vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=64, position_offset=0, type_vocab_size=2, hidden_act="gelu", hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0, layer_norm_eps=1e-12,
)  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    with np.load(FIXTURES / "bert_tiny_reference.npz") as file:
        kept = {name: file[name] for name in file.files if name.startswith("weight:bert.") or name in INPUTS}
    with np.load(FIXTURES / "bert_tiny_classification.npz") as file:
        return kept | dict(file)


def starting_with(start: str, arrays: dict) -> dict:
    return {name.removeprefix(start): value for name, value in arrays.items() if name.startswith(start)}


def network_of(reference) -> PooledNetwork:
    network = PooledNetwork(ENCODERS.get("bert")(MODEL, pooler=True), ClassificationHead(32, 3, 0.0))
    weights, unmatched = to_tasklab(starting_with("weight:", reference), FORMATS.get("huggingface"))
    assert not unmatched
    parameters = dict(network.parameters_and_names())
    assert parameters.keys() == weights.keys()
    for name, values in weights.items():
        parameters[name].set_data(Tensor(np.asarray(values, np.float32)))
    return network


@pytest.mark.parametrize(
    "kind, expected",
    [("first", [[1, 8], [7, 0]]), ("last", [[5, 4], [7, 0]]), ("mean", [[3, 14 / 3], [7, 0]]),
     ("max", [[5, 8], [7, 0]])],
)
def test_pooling_leaves_padding_out(run, kind, expected):
    hidden = np.array([[[1, 8], [3, 2], [5, 4]], [[7, 0], [99, 99], [-99, 99]]], np.float32)
    mask = np.array([[1, 1, 1], [1, 0, 0]], np.int32)
    np.testing.assert_allclose(run(Pooling(kind), hidden, mask)[:, 0], expected, rtol=1e-6)


def test_pooling_by_another_name_is_refused():
    with pytest.raises(ValueError, match="'median'; expected one of first, last, mean, max, mean_sqrt_len"):
        Pooling("median")


@pytest.mark.parametrize("kind", ["first", "last", "mean", "max"])
def test_only_real_tokens_get_a_gradient(kind):
    hidden, mask = Tensor(np.arange(12, dtype=np.float32).reshape(1, 4, 3)), Tensor(np.array([[1, 1, 0, 0]], np.int32))
    gradient = ms.grad(lambda h: Pooling(kind)(h, mask).sum())(hidden).asnumpy()
    assert not gradient[0, 2:].any()
    assert gradient.sum() == pytest.approx(3)  # each of the 3 values passes on its whole gradient


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
def test_logits_loss_and_gradients_equal_transformers(reference, mode):
    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        network = network_of(reference).set_train(True)
        weights = ParameterTuple(network.trainable_params())
        inputs = [Tensor(reference[name]) for name in INPUTS]
        (logits,) = network(*inputs)
        np.testing.assert_allclose(logits.asnumpy(), reference["logits"], atol=1e-5)
        gradient = ms.value_and_grad(SummedLoss(network, ClassificationLoss(), 3), None, weights, has_aux=True)
        (loss, count), grads = gradient(*inputs, Tensor(reference["labels"]), Tensor(np.ones(3, np.float32)))
    finally:
        ms.set_context(mode=before)
    assert float(loss) / float(count) == pytest.approx(float(reference["loss_mean"]), abs=1e-5)
    grads = {w.name: g.asnumpy() / float(count) for w, g in zip(weights, grads, strict=True)}
    for theirs, expected in starting_with("grad:", reference).items():
        (ours,) = to_tasklab({theirs: np.zeros(1)}, FORMATS.get("huggingface"))[0]
        np.testing.assert_allclose(grads[ours], expected, atol=1e-5 * max(1, np.abs(expected).max()), err_msg=ours)


def test_regression_sums_weighted_squares(run):
    logits, labels = np.array([[1.0], [2.0], [9.0]], np.float32), np.array([3.0, 1.5, 0.0], np.float32)
    total, count = run(RegressionLoss(), logits, labels, np.array([1, 2, 0], np.float32))
    assert (float(total), float(count)) == (4.5, 3)  # 1 * 2**2 + 2 * 0.5**2


def test_each_class_of_a_multi_label_row_is_its_own_question(run):
    # probabilities 1/4 and 3/4; the first class is wanted, the second is not: -log(1/4) each, halved by the mean
    logits, labels = np.log(np.array([[1 / 3, 3]], np.float32)), np.array([[1, 0]], np.float32)
    total, count = run(MultiLabelLoss(), logits, labels, np.ones(1, np.float32))
    assert (float(total), float(count)) == (pytest.approx(math.log(4), rel=1e-5), 1)


def test_multi_label_logits_of_any_size_stay_finite(run):
    logits, labels = np.array([[1e4, -1e4]], np.float32), np.array([[0, 1]], np.float32)
    assert float(run(MultiLabelLoss(), logits, labels, np.ones(1, np.float32))[0]) == pytest.approx(1e4)
