"""Losses of pre-training against NumPy in float64."""

import numpy as np
import pytest

from tasklab.nn.losses.words import MaskedWordLoss, PretrainingLoss


def surprise(logits, label) -> float:
    logits = np.asarray(logits, np.float64)
    return float(np.log(np.exp(logits).sum()) - logits[label])


LABELS = np.array([[2, -1, 0], [4, 1, -1], [3, 3, 3]], np.int32)
SENTENCES = np.array([1, -1, 0], np.int32)
WEIGHT = np.array([1, 1, 0], np.float32)  # the last row is a filler


def test_every_masked_word_counts_once_and_nothing_else(rng, run):
    logits = rng.standard_normal((3, 3, 5)).astype(np.float32)
    total, count = run(MaskedWordLoss(), logits, LABELS, WEIGHT)
    asked = [(0, 0), (0, 2), (1, 0), (1, 1)]
    assert count == 4
    assert total == pytest.approx(sum(surprise(logits[i, j], LABELS[i, j]) for i, j in asked), rel=1e-5)
    logits[0, 1], logits[2] = 1e4, -1e4
    assert run(MaskedWordLoss(), logits, LABELS, WEIGHT)[0] == total


def test_the_sentence_loss_is_added_mean_to_mean(rng, run):
    logits = rng.standard_normal((3, 3, 5)).astype(np.float32)
    sentences = rng.standard_normal((3, 2)).astype(np.float32)
    words, count = run(MaskedWordLoss(), logits, LABELS, WEIGHT)
    total, again = run(PretrainingLoss(), logits, sentences, LABELS, SENTENCES, WEIGHT)
    assert again == count
    assert total / count == pytest.approx(words / count + surprise(sentences[0], 1), rel=1e-5)
    nothing = np.full(3, -1, np.int32)
    assert run(PretrainingLoss(), logits, sentences, LABELS, nothing, WEIGHT)[0] == pytest.approx(words)
