"""How far a score may be chance: intervals over resampled examples (percentile bootstrap, Efron & Tibshirani 1993)."""

from collections.abc import Callable

import numpy as np

SAMPLES, LEVEL, SEED = 1000, 0.95, 0
CHUNK = 1 << 22
"""Row numbers drawn at a time: 2^22 x 8 bytes = 32 MiB."""

Interval = tuple[float, float]


def mean_interval(values) -> Interval:
    """Of the mean of one value per example."""
    values, random = np.asarray(values, np.float64), np.random.default_rng(SEED)
    means = []
    at_once = max(1, CHUNK // len(values))
    for start in range(0, SAMPLES, at_once):
        # [samples, examples], with repetition
        drawn = random.integers(0, len(values), (min(at_once, SAMPLES - start), len(values)))
        means.append(values[drawn].mean(axis=1))
    return _limits(np.concatenate(means))


def confusion_interval(statistic: Callable[[np.ndarray], np.ndarray], confusion: np.ndarray) -> Interval:
    """Of a statistic of confusion matrices [..., C, C] -> [...]; drawing examples is drawing its cells."""
    total = int(confusion.sum())
    # [SAMPLES, C * C]: counts of cells in `total` examples drawn with repetition
    drawn = np.random.default_rng(SEED).multinomial(total, confusion.ravel() / total, SAMPLES)
    return _limits(statistic(drawn.reshape(SAMPLES, *confusion.shape)))


def interval(statistic: Callable[[np.ndarray], float], count: int) -> Interval:
    """Of any statistic of `count` examples, a function of row numbers [count]; computed once per sample."""
    random = np.random.default_rng(SEED)
    return _limits(np.array([statistic(random.integers(0, count, count)) for _ in range(SAMPLES)]))


def _limits(samples: np.ndarray) -> Interval:
    """Percentiles of the samples for which the statistic exists."""
    rest = 100 * (1 - LEVEL) / 2  # 2.5 % at either end
    low, high = np.nanpercentile(samples, [rest, 100 - rest]) if np.isfinite(samples).any() else (np.nan, np.nan)
    return float(low), float(high)
