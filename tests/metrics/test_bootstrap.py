"""Intervals against the normal approximation and against SciPy's bootstrap."""

import numpy as np
import pytest
from scipy import stats

from tasklab.metrics.bootstrap import confusion_interval, interval, mean_interval
from tasklab.metrics.confusion import accuracy


def test_the_interval_of_a_mean_is_near_the_normal_one():
    # 800 of 1000 right: 0.8 +- 1.96 * sqrt(0.8 * 0.2 / 1000) = 0.8 +- 0.0248
    values = np.repeat([1.0, 0.0], [800, 200])
    assert mean_interval(values) == pytest.approx((0.7752, 0.8248), abs=0.003)


def test_drawing_cells_is_drawing_examples():
    # the same 800 of 1000, as a confusion matrix
    assert confusion_interval(accuracy, np.array([[500, 150], [50, 300]])) == pytest.approx((0.7752, 0.8248), abs=0.003)


def test_any_statistic_agrees_with_scipy(rng):
    x = rng.standard_normal(60)
    y = x + rng.standard_normal(60)
    found = interval(lambda rows: np.corrcoef(x[rows], y[rows])[0, 1], 60)
    low, high = stats.bootstrap(
        (x, y), lambda a, b: np.corrcoef(a, b)[0, 1], paired=True, vectorized=False, method="percentile",
        n_resamples=2000, random_state=1,
    ).confidence_interval  # fmt: skip
    assert found == pytest.approx((low, high), abs=0.03)


def test_equal_data_gives_equal_limits():
    values = np.random.default_rng(3).random(50)
    assert mean_interval(values) == mean_interval(values)


def test_samples_without_the_statistic_are_left_out():
    # the correlation of two rows is 1 when both are drawn, and none when one is drawn twice
    found = interval(lambda rows: 1.0 if len(set(rows)) == 2 else np.nan, 2)
    assert found == (1.0, 1.0)
    assert np.isnan(interval(lambda rows: np.nan, 2)).all()
