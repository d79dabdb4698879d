"""Losses on numbers worked out by hand or with NumPy."""

import math

import numpy as np
import pytest

from tasklab.nn.losses.classes import cross_entropy
from tasklab.nn.losses.spans import SpanLoss


def test_cross_entropy_sums_weighted_rows_and_their_weights(run):
    logits = np.log(np.array([[1, 3], [1, 1], [9, 1]], np.float32))  # probabilities 1/4 3/4, 1/2 1/2, 9/10 1/10
    labels, weight = np.array([1, 0, 1], np.int32), np.array([1, 2, 0], np.float32)
    total, count = run(cross_entropy, logits, labels, weight)
    assert float(total) == pytest.approx(-math.log(3 / 4) - 2 * math.log(1 / 2), rel=1e-5)
    assert float(count) == 3


@pytest.mark.parametrize("label", [-1, 2, 100])
def test_labels_out_of_range_are_ignored(run, label):
    logits, labels = np.zeros((2, 2), np.float32), np.array([0, label], np.int32)
    total, count = run(cross_entropy, logits, labels, np.ones(2, np.float32))
    assert (float(total), float(count)) == (pytest.approx(math.log(2), rel=1e-5), 1)


def test_nothing_but_ignored_rows_is_0_of_0(run):
    total, count = run(cross_entropy, np.ones((1, 3), np.float32), np.array([-100], np.int32), np.ones(1, np.float32))
    assert (float(total), float(count)) == (0, 0)


def test_large_logits_stay_finite(run):
    logits, labels = np.array([[1e4, -1e4]], np.float32), np.array([1], np.int32)
    assert float(run(cross_entropy, logits, labels, np.ones(1, np.float32))[0]) == pytest.approx(2e4)


def test_a_span_s_loss_is_the_mean_of_start_and_end(run):
    start, end = np.zeros((2, 4), np.float32), np.log(np.array([[1, 1, 1, 5]] * 2, np.float32))
    positions = np.array([0, 1], np.int32), np.array([3, 3], np.int32)
    total, count = run(SpanLoss(), start, end, *positions, np.array([1, 0], np.float32))
    assert float(total) == pytest.approx((math.log(4) + math.log(8 / 5)) / 2, rel=1e-5)
    assert float(count) == 1


def test_a_span_with_its_end_outside_the_window_counts_half(run):
    logits = np.zeros((1, 4), np.float32)
    positions = np.array([2], np.int32), np.array([4], np.int32)
    total, count = run(SpanLoss(), logits, logits, *positions, np.ones(1, np.float32))
    assert (float(total), float(count)) == (pytest.approx(math.log(4) / 2, rel=1e-5), 0.5)
