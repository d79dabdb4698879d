"""R-Drop against its formula in float64 (Liang et al. 2021, equations 1 to 4; losses averaged as in their code)."""

import numpy as np
import pytest
from fixed_outputs import FixedOutputs, NoLoss, TwoOutputs
from mindspore import Tensor
from word_average import LabelLoss

from tasklab.engine.rdrop import RDropLoss
from tasklab.nn.losses.divergence import softmax_divergence
from tasklab.nn.losses.tokens import TokenLoss


def softmax(x):
    e = np.exp(x.astype(np.float64))
    return e / e.sum(axis=-1, keepdims=True)


def divergence(first, second):
    p, q = softmax(first), softmax(second)
    return ((p * np.log(p / q)).sum(-1) + (q * np.log(q / p)).sum(-1)) / 2


def objective(outputs, loss, alpha, labels, sample_weight):
    cell = RDropLoss(FixedOutputs(*outputs), loss, 1, alpha)
    inputs = np.zeros((len(labels), 2), np.int32)
    columns = (inputs, np.asarray(labels, np.int32), np.asarray(sample_weight, np.float32))
    return [x.asnumpy().item() for x in cell(*map(Tensor, columns))]


def test_divergence_is_the_mean_of_both_kl(rng):
    first, second = rng.standard_normal((2, 5, 3)).astype(np.float32)
    found = softmax_divergence(Tensor(first), Tensor(second)).asnumpy()
    np.testing.assert_allclose(found, divergence(first, second), rtol=1e-5)  # exp of float32


def test_the_objective_is_the_mean_loss_of_both_passes_and_their_divergence(rng):
    logits = rng.standard_normal((6, 3)).astype(np.float32)  # rows 0..2, then the same rows with other dropout
    labels, weights = np.array([2, 0, 1]), np.array([1.0, 1.0, 0.0])  # the third row is a filler
    losses = -np.log(softmax(logits))[np.arange(6), np.tile(labels, 2)]
    expected = (losses * np.tile(weights, 2)).sum() / 2 + 4 * (divergence(logits[:3], logits[3:]) * weights).sum()
    assert objective([logits], LabelLoss(), 4.0, labels, weights) == [pytest.approx(expected, abs=1e-5), 2.0]


def test_a_row_without_a_label_adds_nothing(rng):
    logits = rng.standard_normal((4, 3)).astype(np.float32)
    total, weight = objective([logits], LabelLoss(), 1.0, [-100, 1], [1, 1])
    losses = -np.log(softmax(logits))[[1, 3], 1]
    assert total == pytest.approx(losses.sum() / 2 + divergence(logits[1], logits[3]), abs=1e-5)
    assert weight == 1


def test_labels_per_token_say_which_tokens_count(rng):
    logits = rng.standard_normal((4, 5, 3)).astype(np.float32)  # 2 rows twice, 5 tokens
    labels = np.array([[-100, 1, 0, -100, -100], [-100, 2, 2, 2, -100]])
    apart = divergence(logits[:2], logits[2:])
    assert objective([logits], NoLoss(), 1.0, labels, [1, 1])[0] == pytest.approx(apart[labels >= 0].sum(), abs=1e-5)


def test_tags_say_themselves_which_tokens_count(rng):
    logits = rng.standard_normal((4, 5, 3)).astype(np.float32)
    tags = np.array([[0, 2, 1, 0, 0], [0, 3, 3, 3, 0]])  # 0 is none, padding among them
    apart = divergence(logits[:2], logits[2:])[tags > 0]
    losses = -np.log(softmax(logits))[np.tile(tags, (2, 1)) > 0, np.tile(tags, (2, 1))[np.tile(tags, (2, 1)) > 0] - 1]
    total, weight = objective([logits], TokenLoss(), 2.0, tags, [1, 1])
    assert total == pytest.approx(losses.sum() / 2 + 2 * apart.sum(), abs=1e-4) and weight == 5


def test_several_outputs_share_the_weight(rng):
    start, end = rng.standard_normal((2, 4, 7)).astype(np.float32)
    apart = (divergence(start[:2], start[2:]) + divergence(end[:2], end[2:])).sum() / 2
    assert objective([start, end], TwoOutputs(), 2.0, [3, 1], [1, 1])[0] == pytest.approx(2 * apart, abs=1e-5)


def test_both_passes_draw_their_dropout_from_one_seed(job):
    loop = job(loss__rdrop_alpha=1.0, model__hidden_dropout_prob=0.5)
    batch = loop.epochs.table.batch([0, 1], {"input": 16}, 2, ("input_ids", "attention_mask", "labels"))
    first, again, other = (loop.step.run(batch, seed)[0] for seed in (1, 1, 2))
    assert first == again != other
    calm = job("calm", loss__rdrop_alpha=1.0)
    plain = job("plain")
    # without dropout both passes are equal, nothing is apart and the loss is that of one pass
    assert calm.step.run(batch, 1)[:2] == pytest.approx(plain.step.run(batch, 1)[:2], abs=1e-6)
