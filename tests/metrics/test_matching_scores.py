"""Scores of pairs by hand, and against scikit-learn and SciPy on scores with ties."""

import math

import numpy as np
import pytest

from tasklab.metrics.bootstrap import SAMPLES, SEED
from tasklab.metrics.matching import (
    average_precision,
    best_threshold,
    mostly_positive,
    score_matching,
    scores_at,
    threshold_interval,
    uniformity,
)


def drawn(count: int, seed: int, digits: int):
    """Scores with many ties, and labels that hang together with them."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    return np.round(labels * 0.3 + random.normal(0, 0.4, count), digits), labels


def test_the_threshold_by_hand():
    # above 0.55 stand 1, 1, 0: F1 = 2 * 2 / (3 + 3) = 2/3; above 0.35 all three matches of five: F1 = 6/8 = 3/4
    scores, labels = [0.9, 0.8, 0.6, 0.5, 0.4, 0.3], [1, 1, 0, 0, 1, 0]
    best = best_threshold(scores, labels)
    # above 0.7 both taken match: F1 = 4/5, accuracy 5/6, MCC = (2*3 - 0*1) / sqrt(2*3*3*4)
    assert best.value == pytest.approx(0.7) and best.f1 == pytest.approx(0.8)
    assert (best.precision, best.recall) == (1.0, pytest.approx(2 / 3))
    assert best.accuracy == pytest.approx(5 / 6) and best.matthews_correlation == pytest.approx(6 / math.sqrt(72))


@pytest.mark.parametrize("count, digits", [(40, 1), (200, 2), (300, 6)])
def test_scores_are_those_of_scikit_learn_and_scipy(count, digits):
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import accuracy_score, average_precision_score, f1_score, matthews_corrcoef

    scores, labels = drawn(count, count, digits)
    ours = score_matching(scores, labels)
    taken = (scores >= ours["threshold"]).astype(int)
    assert ours["average_precision"] == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    assert ours["f1"] == pytest.approx(f1_score(labels, taken), abs=1e-12)
    assert ours["accuracy"] == pytest.approx(accuracy_score(labels, taken), abs=1e-12)
    assert ours["matthews_correlation"] == pytest.approx(matthews_corrcoef(labels, taken), abs=1e-12)
    assert ours["spearmanr"] == pytest.approx(spearmanr(scores, labels).statistic, abs=1e-12)
    assert ours["pearson"] == pytest.approx(pearsonr(scores, labels).statistic, abs=1e-12)
    highest = max(f1_score(labels, scores >= cut) for cut in np.unique(scores))
    assert ours["f1"] == pytest.approx(highest, abs=1e-12)


def test_equal_scores_fall_on_one_side():
    # one threshold alone is there, and it takes all: F1 = 2 * 1 / (1 + 3)
    assert best_threshold([0.5, 0.5, 0.5], [1, 0, 0])[:2] == (0.5, 0.5)
    assert average_precision([0.5, 0.5, 0.5], [1, 0, 0]) == pytest.approx(1 / 3)


def test_neighbours_without_a_number_between_are_still_parted():
    for high in (0.5, np.nextafter(0.5, 1)):  # the mean of two neighbours is rounded up or down
        low = np.nextafter(high, 0)
        best = best_threshold([high, low], [1, 0])
        assert best.f1 == 1.0 and low < best.value <= high


def test_labels_of_one_kind_leave_undefined_scores_at_zero():
    ours = score_matching([0.2, 0.1], [0, 0])
    assert (ours["average_precision"], ours["f1"], ours["matthews_correlation"], ours["spearmanr"]) == (0, 0, 0, 0)


def test_a_given_threshold_is_kept():
    ours = score_matching([0.9, 0.2, 0.8], [1, 1, 0], threshold=0.5)
    assert ours["threshold"] == 0.5 and ours["f1"] == pytest.approx(0.5)  # 1 hit, 1 false, 1 missed
    assert scores_at(2.0, [0.9], [1]).precision == 0.0


def test_the_interval_holds_the_threshold_and_narrows_with_more_pairs():
    wide, narrow = (threshold_interval(*drawn(count, 3, 6)) for count in (60, 4000))
    assert narrow[0] <= best_threshold(*drawn(4000, 3, 6)).value <= narrow[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_an_interval_of_drawn_rows_is_that_of_drawing_them_one_by_one():
    scores, labels = drawn(30, 5, 1)
    order, random = np.argsort(-scores, kind="stable"), np.random.default_rng(SEED)
    values = []
    for _ in range(SAMPLES):
        rows = order[random.integers(0, 30, 30)]
        values.append(best_threshold(scores[rows], labels[rows]).value)
    low, high = threshold_interval(scores, labels)
    # cuts lie halfway to the next score of all, there to the next one drawn: at most half a step of 0.1 apart ...
    assert abs(low - np.percentile(values, 2.5)) < 0.15 and abs(high - np.percentile(values, 97.5)) < 0.15


def test_the_alarm_rings_when_nearly_all_is_taken_and_half_matches():
    labels = np.array([1, 0] * 50)
    everything = mostly_positive(np.ones(100), labels, 0.5)
    assert "100.0% of the pairs are predicted to match at the threshold 0.5, though 50.0% do" in everything[0]
    assert "F1 would be 0.667" in everything[0]
    assert mostly_positive(labels.astype(float), labels, 0.5) == []
    assert mostly_positive(np.ones(100), np.array([1] * 95 + [0] * 5), 0.5) == []


def test_uniformity_by_hand():
    # at right angles |x - y|^2 = 2, opposite 4
    x = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    wanted = math.log((2 * math.exp(-4) + math.exp(-8)) / 3)
    assert uniformity(x) == pytest.approx(wanted)
    assert math.isnan(uniformity(x[:1]))
