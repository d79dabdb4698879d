"""The pointers' loss against NumPy in float64."""

import numpy as np

from tasklab.nn.losses.pointers import PointerLoss


def test_it_is_the_mean_cross_entropy_of_real_tokens(run, rng):
    start, end = rng.standard_normal((2, 3, 5)) * 3
    labels = rng.integers(0, 2, (2, 3, 5)).astype(np.int32)
    labels[:, 1, 3:] = -100  # padding
    weights = np.array([1, 1, 0], np.float32)  # the last row is a filler
    real = (labels[0] >= 0) * weights[:, None]
    p = 1 / (1 + np.exp(-np.stack([start, end])))
    losses = -np.where(labels == 1, np.log(p), np.log(1 - p)).mean(axis=0)  # [rows, tokens]
    total, count = run(PointerLoss(), *(a.astype(np.float32) for a in (start, end)), *labels, weights)
    assert count == real.sum() == 8
    np.testing.assert_allclose(total, (losses * real).sum(), rtol=1e-5)


def test_logits_of_any_size_are_finite(run):
    logits = np.array([[-1e4, 1e4, 80.0]], np.float32)
    labels = np.array([[-100, 1, 0]], np.int32)
    total, count = run(PointerLoss(), logits, logits, labels, labels, np.ones(1, np.float32))
    assert (float(total), float(count)) == (80.0, 2.0)  # -log(1 - p) of a logit of 80 is 80
