"""The loss of a prompt, and what decodes it, against log P(label) word by word in float64."""

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab.data.texts.prompts.verbalizer import label_words, word_table
from tasklab.engine.rdrop import RDropLoss
from tasklab.metrics.label_words import label_scores
from tasklab.nn.losses.classes import ClassificationLoss
from tasklab.nn.losses.prompts import PromptLoss
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
WORDS = {"x": ["paris", "the river"], "y": ["river"], "z": ["old city", "train", "munich"]}
LABELS = np.array([0, 2, 1, 1], np.int32)
SEEN = np.array([1, 1, 1, 0], np.float32)


def table(normalized):
    rows = [("", label, words) for label, words in WORDS.items()]
    return word_table(TOKENIZER, label_words(rows, ""), spaced=False, normalized=normalized)


def by_hand(logits, normalized):
    """log P(label) [B, C]: one word after the other, from the definition."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    scores = np.zeros((len(logits), len(WORDS)))
    for row in range(len(logits)):
        for label, words in enumerate(WORDS.values()):
            chance = 0.0
            for word in words:
                told = [logs[row, mask, TOKENIZER.token_id(token)] for mask, token in enumerate(word.split())]
                chance += np.exp(np.mean(told) if normalized else np.sum(told))
            scores[row, label] = np.log(chance)
    return scores


@pytest.fixture
def logits(rng):
    return (4 * rng.standard_normal((4, 2, TOKENIZER.vocab_size))).astype(np.float32)


@pytest.mark.parametrize("normalized", [False, True])
def test_scores_are_the_likelihood_of_each_label(normalized, logits):
    wanted = by_hand(logits, normalized)
    np.testing.assert_allclose(label_scores(logits, table(normalized)), wanted, rtol=1e-5)
    cell = PromptLoss(table(normalized), ClassificationLoss())
    np.testing.assert_allclose(cell.scores(Tensor(logits)).asnumpy(), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_cross_entropy_among_the_labels(run, smoothing, logits):
    scores = by_hand(logits, False)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = -(1 - smoothing) * logs[np.arange(4), LABELS] - smoothing * logs.mean(axis=1)
    total, count = run(PromptLoss(table(False), ClassificationLoss(None, smoothing)), logits, LABELS, SEEN)
    assert total == pytest.approx((rows * SEEN).sum(), rel=1e-4) and count == 3


def test_logits_of_any_size_give_finite_losses(run, logits):
    total, _ = run(PromptLoss(table(False), ClassificationLoss()), 100 * logits, LABELS, SEEN)
    assert np.isfinite(total)


def test_the_gradient_is_that_of_the_definition(logits):
    cell = PromptLoss(table(False), ClassificationLoss())
    inputs = Tensor(LABELS), Tensor(SEEN)
    slope = ms.grad(lambda x: cell(x, *inputs)[0])(Tensor(logits)).asnumpy()

    def loss(x):
        scores = by_hand(x, False)
        return -((scores - np.log(np.exp(scores).sum(1, keepdims=True)))[np.arange(4), LABELS] * SEEN).sum()

    for place in [(0, 0, TOKENIZER.token_id("paris")), (1, 1, TOKENIZER.token_id("city")), (2, 0, 7), (3, 0, 9)]:
        up, down = logits.astype(np.float64), logits.astype(np.float64)
        up[place] += 1e-4
        down[place] -= 1e-4
        assert slope[place] == pytest.approx((loss(up) - loss(down)) / 2e-4, abs=1e-4)


def test_the_divergence_is_that_of_the_labels(rng, logits):
    other = (4 * rng.standard_normal(logits.shape)).astype(np.float32)
    p, q = (by_hand(x, False) for x in (logits, other))
    p, q = (x - np.log(np.exp(x).sum(axis=1, keepdims=True)) for x in (p, q))
    wanted = 0.5 * ((np.exp(p) - np.exp(q)) * (p - q)).sum(axis=1)
    found = PromptLoss(table(False), ClassificationLoss()).divergence(Tensor(logits), Tensor(other))
    np.testing.assert_allclose(found.asnumpy(), wanted, rtol=1e-3, atol=1e-4)


class Twice(ms.nn.Cell):
    """A network whose second pass over the same rows says something else, as dropout has it."""

    def __init__(self, apart):
        super().__init__()
        self.apart = Tensor(apart)

    def construct(self, logits):
        return (logits + self.apart,)


@pytest.mark.parametrize("alpha", [0.05, 3.0])
def test_rdrop_is_the_mean_loss_of_both_passes_and_their_divergence(run, alpha, rng, logits):
    apart = rng.standard_normal((8, *logits.shape[1:])).astype(np.float32)
    apart[:4] = 0
    first, second = by_hand(logits, False), by_hand(logits + apart[4:], False)
    p, q = (x - np.log(np.exp(x).sum(axis=1, keepdims=True)) for x in (first, second))
    losses = -(p[np.arange(4), LABELS] + q[np.arange(4), LABELS]) / 2
    divergences = 0.5 * ((np.exp(p) - np.exp(q)) * (p - q)).sum(axis=1)
    cell = RDropLoss(Twice(apart), PromptLoss(table(False), ClassificationLoss()), 1, alpha)
    total, weight = run(cell, logits, LABELS, SEEN)
    assert total == pytest.approx(((losses + alpha * divergences) * SEEN).sum(), rel=1e-4) and weight == 3
