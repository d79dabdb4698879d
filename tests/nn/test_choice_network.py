"""Scores of choices against transformers (tests/fixtures/make_families_reference.py), their loss against NumPy."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor, value_and_grad

from tasklab import kernels
from tasklab.config import ModelConfig
from tasklab.encoders import ENCODERS
from tasklab.engine.rdrop import RDropLoss
from tasklab.engine.step import SummedLoss
from tasklab.nn.blocks.dropout import bind_dropout
from tasklab.nn.heads.multiple_choice import MultipleChoiceHead, MultipleChoiceNetwork
from tasklab.nn.init import initialize
from tasklab.nn.losses.classes import ClassificationLoss
from tasklab.weights.tables import FORMATS, to_tasklab

MODEL = ModelConfig()
for _key, _value in {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "max_position_embeddings": 20, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}.items():  # fmt: skip
    MODEL[_key] = _value
FUSED = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")
EITHER_WAY = pytest.mark.parametrize("fused", ["", pytest.param("fp32", marks=FUSED)], ids=["stock", "fused"])


@pytest.fixture(scope="module")
def reference():
    """ids, mask, types [3, 12], logits [1, 3], and the weights by transformers' names."""
    with np.load(Path(__file__).parents[1] / "fixtures/families_reference.npz") as file:
        known = {name.removeprefix("bert:"): file[name] for name in file.files if name.startswith("bert:")}
    heads = ("weight:bert.", "weight:multiple_choice:")
    weights = {
        name.removeprefix("weight:").removeprefix("multiple_choice:"): array
        for name, array in known.items() if name.startswith(heads)
    }  # fmt: skip
    return SimpleNamespace(
        inputs=[known[name] for name in ("ids", "mask", "types")], logits=known["multiple_choice:logits"][0],
        weights=weights,
    )  # fmt: skip


def network_of(reference, fused="", pooling="first"):
    encoder = ENCODERS.get("bert")(MODEL, fused=fused, pooler=True)
    network = MultipleChoiceNetwork(encoder, MultipleChoiceHead(32, 0.0), pooling)
    weights, unmatched = to_tasklab(reference.weights, FORMATS.get("huggingface"), "choices")
    parameters = dict(network.parameters_and_names())
    assert not unmatched and parameters.keys() == weights.keys()
    for name, values in weights.items():
        parameters[name].set_data(Tensor(np.asarray(values, np.float32)))
    bind_dropout(network)
    return network


def two_questions(reference, nonsense=0):
    """[2, 3, 12]: all three choices of the fixture, and the first two of them."""
    columns = [np.stack([array, array]) for array in reference.inputs]
    for column in (columns[0], columns[2]):
        column[1, 2] = nonsense
    columns[1][1, 2] = 0
    return columns


@EITHER_WAY
def test_logits_are_those_of_transformers_and_an_absent_choice_cannot_win(reference, run, fused):
    (logits,) = run(network_of(reference, fused).set_train(False), *two_questions(reference))
    np.testing.assert_allclose(logits[0], reference.logits, atol=5e-5)
    np.testing.assert_allclose(logits[1, :2], reference.logits[:2], atol=5e-5)
    assert logits[1, 2] < -9000


@EITHER_WAY
def test_loss_and_gradients_know_nothing_of_absent_choices(reference, fused):
    labels, weight = np.array([2, 0], np.int32), np.ones(2, np.float32)
    found = []
    for nonsense in (0, 1):  # what stands in the columns of a choice that is not there
        network = network_of(reference, fused).set_train(True)
        objective = SummedLoss(network, ClassificationLoss(), 3)
        inputs = [*two_questions(reference, nonsense), labels, weight]
        weights = ParameterTuple(network.trainable_params())
        (loss, count), grads = value_and_grad(objective, None, weights, has_aux=True)(*map(Tensor, inputs))
        found.append([loss.asnumpy(), *(g.asnumpy() for g in grads)])
    x = reference.logits.astype(np.float64)
    expected = np.log(np.exp(x).sum()) - x[2] + np.log(np.exp(x[:2]).sum()) - x[0]
    assert found[0][0] == pytest.approx(expected, abs=1e-4) and count.asnumpy() == 2
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert all(np.isfinite(array).all() for array in found[0])


@EITHER_WAY
@pytest.mark.parametrize("pooling", ["mean", "last", "max"])
def test_an_absent_choice_leaves_every_pooling_finite(reference, fused, pooling):
    network = network_of(reference, fused, pooling).set_train(True)
    inputs = [*two_questions(reference), np.array([2, 0], np.int32), np.ones(2, np.float32)]
    weights = ParameterTuple(network.trainable_params())
    objective = SummedLoss(network, ClassificationLoss(), 3)
    (loss, _), grads = value_and_grad(objective, None, weights, has_aux=True)(*map(Tensor, inputs))
    assert all(np.isfinite(tensor.asnumpy()).all() for tensor in (loss, *grads))


def test_r_drop_sees_no_difference_at_an_absent_choice(reference):
    inputs = [*two_questions(reference), np.array([2, 0], np.int32), np.ones(2, np.float32)]
    network = network_of(reference).set_train(False)  # without dropout both passes are equal
    plain, _ = SummedLoss(network, ClassificationLoss(), 3)(*map(Tensor, inputs))
    total, _ = RDropLoss(network, ClassificationLoss(), 3, 5.0)(*map(Tensor, inputs))
    assert total.asnumpy() == pytest.approx(plain.asnumpy(), abs=1e-5)


def test_without_a_pooler_the_first_state_is_scored(reference, run, rng):
    # UER-py's run_c3: one Dense on the state of [CLS]
    encoder = ENCODERS.get("bert")(MODEL, pooler=False)
    initialize(encoder, seed=0, std=0.3)
    head = MultipleChoiceHead(32, 0.0)
    weight = rng.standard_normal((1, 32)).astype(np.float32)
    head.classifier.weight.set_data(Tensor(weight))
    hidden = run(encoder.set_train(False), *reference.inputs)
    (logits,) = run(MultipleChoiceNetwork(encoder, head).set_train(False), *(a[None] for a in reference.inputs))
    np.testing.assert_allclose(logits[0], hidden[:, 0] @ weight[0], atol=1e-5)
