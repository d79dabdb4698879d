"""Scores of masked words by hand."""

import math

import numpy as np
import pytest

from tasklab.metrics.masked_words import log_probabilities, score_masked_words, score_most_frequent


def test_sums_of_rows_become_means_per_word():
    rows = [
        {"correct": 1, "total": 4, "loss": 4.0, "sentence_correct": True},
        {"correct": 2, "total": 2, "loss": 0.5, "sentence_correct": None},
        {"correct": 0, "total": 0, "loss": 0.0, "sentence_correct": False},
    ]
    assert score_masked_words(rows) == {
        "accuracy": 0.5, "loss": 0.75, "perplexity": pytest.approx(math.e**0.75), "total": 6, "sentence_accuracy": 0.5,
    }  # fmt: skip
    assert "sentence_accuracy" not in score_masked_words([{**row, "sentence_correct": None} for row in rows])


def test_rows_without_words_have_no_loss():
    assert math.isnan(score_masked_words([])["loss"])
    assert score_masked_words([{"correct": 0, "total": 1, "loss": 1e4}])["perplexity"] == math.inf


def test_the_most_frequent_word_is_right_as_often_as_it_stands_there():
    # 7 twice, 3 and 5 once: entropy 0.5 * ln 2 + 2 * 0.25 * ln 4 = 1.5 * ln 2
    scores = score_most_frequent(np.array([7, 3, 7, 5]))
    assert scores["accuracy"] == 0.5 and scores["total"] == 4
    assert score_most_frequent(np.array([7]), [0, 1, 1])["sentence_accuracy"] == pytest.approx(2 / 3)
    assert scores["loss"] == pytest.approx(1.5 * math.log(2)) and scores["perplexity"] == pytest.approx(2**1.5)


def test_log_probabilities_are_finite_for_logits_of_any_size():
    found = log_probabilities(np.array([[1e4, 0.0], [0.0, math.log(3)]], np.float32))
    np.testing.assert_allclose(found, [[0, -1e4], [-math.log(4), math.log(3 / 4)]], rtol=1e-6)
