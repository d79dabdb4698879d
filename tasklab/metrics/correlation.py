"""Scores of predicted numbers (definitions: SciPy; GLUE scores STS-B by the first two)."""

from collections.abc import Sequence

import numpy as np


def score_numbers(predicted: Sequence[float], references: Sequence[float]) -> dict[str, float]:
    """pearson, spearmanr (ranks; equal values share their mean rank), mse, total.

    A correlation that is not defined, because all values on one side are equal or there is one row, counts as 0.
    """
    from scipy.stats import pearsonr, spearmanr

    x, y = np.asarray(predicted, np.float64), np.asarray(references, np.float64)
    defined = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return {
        "pearson": float(pearsonr(x, y).statistic) if defined else 0.0,
        "spearmanr": float(spearmanr(x, y).statistic) if defined else 0.0,
        "mse": float(np.square(x - y).mean()),
        "total": len(y),
    }
