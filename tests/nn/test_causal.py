"""The head that tells the next word: log-probabilities, their gradients and the loss against NumPy in float64."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.heads import causal
from tasklab.nn.heads.causal import WordScores
from tasklab.nn.losses.causal import CausalLoss, SmoothedCausalLoss

TARGETS = np.array([3, -1, 0, 10, 7, -1], np.int32)
BOTH_MODES = pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])


def oracle(hidden, table):
    """log softmax of all scores, [T, V]."""
    scores = hidden.astype(np.float64) @ table.astype(np.float64).T
    top = scores.max(axis=1, keepdims=True)
    return scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))


@BOTH_MODES
def test_blocks_of_words_give_the_log_probabilities_of_all_at_once(rng, run, monkeypatch, mode):
    ms.set_context(mode=mode)
    monkeypatch.setattr(causal, "BLOCK", 4)  # 11 words: blocks of 4, 4 and 3
    hidden, table = (10 * rng.standard_normal(shape).astype(np.float32) for shape in ((6, 5), (11, 5)))
    told, mean = run(WordScores(mean=True), hidden, table, TARGETS)
    every, asked = oracle(hidden, table), TARGETS >= 0
    np.testing.assert_allclose(told, np.where(asked, every[np.arange(6), TARGETS], 0), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(mean, np.where(asked, every.mean(axis=1), 0), rtol=1e-5, atol=1e-4)


@BOTH_MODES
def test_gradients_of_blocks_are_those_of_all_at_once(rng, monkeypatch, mode):
    """By hand: of -log p, (p - one hot) times the table for the state, and times the state for the table."""
    ms.set_context(mode=mode)
    monkeypatch.setattr(causal, "BLOCK", 4)
    hidden, table = (rng.standard_normal(shape).astype(np.float32) for shape in ((6, 5), (11, 5)))
    weight = rng.random(6).astype(np.float32)
    cell = WordScores()
    smoothed = WordScores(mean=True)

    def loss(hidden, table):
        return -(cell(hidden, table, Tensor(TARGETS))[0] * Tensor(weight)).sum()

    def smoothed_loss(hidden, table):
        told, mean = smoothed(hidden, table, Tensor(TARGETS))
        return -((0.9 * told + 0.1 * mean) * Tensor(weight)).sum()

    p, one_hot = np.exp(oracle(hidden, table)), np.eye(11)[TARGETS] * (TARGETS >= 0)[:, None]
    pull = (p - one_hot) * (weight * (TARGETS >= 0))[:, None]
    found = ms.grad(loss, (0, 1))(Tensor(hidden), Tensor(table))
    for got, expected in zip(found, (pull @ table, pull.T @ hidden), strict=True):
        np.testing.assert_allclose(got.asnumpy(), expected, atol=1e-5)
    pull = (p - 0.9 * one_hot - 0.1 / 11) * (weight * (TARGETS >= 0))[:, None]
    found = ms.grad(smoothed_loss, (0, 1))(Tensor(hidden), Tensor(table))
    for got, expected in zip(found, (pull @ table, pull.T @ hidden), strict=True):
        np.testing.assert_allclose(got.asnumpy(), expected, atol=1e-5)


def test_every_word_that_is_asked_for_counts_once(run):
    told = np.array([[-1.0, -2.0, 0.0], [-4.0, 0.0, 0.0], [-7.0, -7.0, -7.0]], np.float32)
    targets = np.array([[5, 6, -1], [7, -1, -1], [1, 1, 1]], np.int32)
    weight = np.array([1, 0.5, 0], np.float32)  # the last row is a filler
    assert run(CausalLoss(), told, targets, weight) == (pytest.approx(1 + 2 + 0.5 * 4), pytest.approx(2.5))
    mean = np.full_like(told, -10.0)
    # by hand: 0.8 * 5 + 0.2 * (10 + 10 + 5)
    assert run(SmoothedCausalLoss(0.2), told, mean, targets, weight)[0] == pytest.approx(0.8 * 5 + 0.2 * 25)
