"""Adafactor's step in blocks against the formulas in float64."""

import numpy as np
import pytest

from tasklab.kernels.adafactor import BLOCK, adafactor_step, mean_shapes

SHAPES = [(300, 700), (3, 300, 700), (500, 4, 5), (7,), (2, BLOCK + 3), (0, 4), (1, 1)]  # cut by rows, by matrices, ...


def oracle(value, grad, means, rest, lr, decay, threshold):
    """Shazeer & Stern 2018, algorithms 4 and 5, with decay beside it."""
    value, grad = value.astype(np.float64), grad.astype(np.float64)
    squares = grad**2 + 1e-30
    if value.ndim > 1:
        row = (1 - rest) * means[0] + rest * squares.mean(-1)
        column = (1 - rest) * means[1] + rest * squares.mean(-2)
        means = (row, column)
        estimate = row[..., :, None] * column[..., None, :] / row.mean(-1)[..., None, None]
    else:
        means = ((1 - rest) * means[0] + rest * squares,)
        estimate = means[0]
    update = grad / np.sqrt(estimate)
    update /= max(1.0, np.sqrt((update**2).mean()) / threshold)
    return value - lr * (update + decay * value), means


@pytest.mark.parametrize("shape", SHAPES)
def test_two_steps_equal_the_formulas(shape):
    random = np.random.default_rng(5)
    value = random.standard_normal(shape).astype(np.float32)
    means = tuple(np.zeros(s, np.float32) for s in mean_shapes(shape))
    wanted, kept = value.astype(np.float64), means
    for step in (1, 2):
        grad = (random.standard_normal(shape) * 10.0 ** random.integers(-3, 3, shape)).astype(np.float32)
        rest = step**-0.8
        norm = adafactor_step([value], [grad], [means], [0.1], [0.01], rest, grad_scale=0.5)
        assert norm == pytest.approx(0.5 * np.sqrt((grad.astype(np.float64) ** 2).sum()), rel=1e-6)
        if value.size:
            wanted, kept = oracle(wanted, 0.5 * grad, kept, rest, 0.01, 0.1, 1.0)
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6)
    for found, expected in zip(means, kept, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_norm_that_is_not_finite_changes_nothing():
    value, means = np.ones((2, 3), np.float32), (np.zeros(2, np.float32), np.zeros(3, np.float32))
    grad = np.full((2, 3), np.inf, np.float32)
    assert not np.isfinite(adafactor_step([value], [grad], [means], [0.0], [0.01], 1.0))
    assert (value == 1).all() and not means[0].any() and not means[1].any()


def test_rows_and_columns_without_gradients_stay():
    value, means = np.ones((3, 2), np.float32), (np.zeros(3, np.float32), np.zeros(2, np.float32))
    grad = np.array([[1, 0], [0, 0], [2, 0]], np.float32)
    adafactor_step([value], [grad], [means], [0.0], [0.01], 1.0)
    assert np.isfinite(value).all() and (value[:, 1] == 1).all() and value[1, 0] == 1
    assert value[0, 0] < 1 and value[2, 0] < 1
