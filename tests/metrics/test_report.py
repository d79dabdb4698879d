"""Reports against scikit-learn and numbers by hand."""

import numpy as np
import pytest
from sklearn import metrics

from tasklab.metrics import confusion as scores
from tasklab.metrics.report import Report, class_report, label_set_report, number_report
from tasklab.metrics.wrong import Shown

LABELS = ["a", "b", "c", "d"]  # d is known and never occurs


def shown_as(texts):
    return [Shown(text, "", text, 0.5, {}) for text in texts]


@pytest.fixture
def pairs(rng):
    wanted = rng.choice(["a", "b", "c"], 200, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(200) < 0.7, wanted, rng.choice(["a", "b", "c"], 200))
    return wanted.tolist(), predicted.tolist()


def test_the_confusion_matrix_and_what_follows_equal_scikit_learn(pairs):
    wanted, predicted = pairs
    matrix = scores.confusion_matrix(wanted, predicted, LABELS)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(wanted, predicted, labels=LABELS))
    found = np.stack(list(scores.class_scores(matrix).values()))
    expected = metrics.precision_recall_fscore_support(wanted, predicted, labels=LABELS, zero_division=0)
    np.testing.assert_allclose(found, np.stack(expected), atol=1e-12)
    assert scores.accuracy(matrix) == pytest.approx(metrics.accuracy_score(wanted, predicted))
    assert scores.macro_f1(matrix) == pytest.approx(metrics.f1_score(wanted, predicted, average="macro"))
    assert scores.matthews_correlation(matrix) == pytest.approx(metrics.matthews_corrcoef(wanted, predicted))
    weighted = metrics.precision_recall_fscore_support(wanted, predicted, average="weighted")[:3]
    assert list(scores.weighted_mean(matrix).values()) == pytest.approx(weighted)


def test_many_matrices_are_scored_at_once(rng):
    matrices = rng.integers(0, 20, (5, 3, 3))
    for statistic in scores.STATISTICS.values():
        np.testing.assert_allclose(statistic(matrices), [statistic(matrix) for matrix in matrices])


def test_one_predicted_class_has_no_correlation():
    assert scores.matthews_correlation(np.array([[3, 0], [2, 0]])) == 0


def test_the_lines_are_those_of_the_specification():
    # a: 2 of 3 found, 2 of 2 predicted right; b: 1 of 1 found, 1 of 2 right
    report = class_report(list("aaab"), list("aabb"), ["a", "b"], shown_as("0123"), ["accuracy"])
    assert report.mean_line() == "Evaluation precision: 0.87500, recall: 0.75000, F1: 0.76667"
    assert report.class_line() == (
        "Each Class Metrics are: {'a': {'precision': 1.0, 'recall': 0.67, 'f1': 0.8}, "
        "'b': {'precision': 0.5, 'recall': 1.0, 'f1': 0.67}}"
    )
    assert report.wrong == [{"text": "2", "line": "", "id": "2", "truth": "a", "answer": "b", "score": 0.5}]
    assert report.interval_line().startswith("95% of resampled sets give: accuracy 0.")
    assert not report.warnings


def test_predicting_one_class_only_is_warned_of():
    texts = shown_as("xyz")
    (warning,) = class_report(["a", "b", "b"], ["b", "b", "b"], ["a", "b"], texts, []).warnings
    assert warning.startswith("the model predicts 'b' for each of the 3 examples: it has learned nothing yet; ")
    assert not class_report(["b", "b", "b"], ["b", "b", "b"], ["a", "b"], texts, []).warnings


def test_label_sets_equal_scikit_learn():
    labels = ["x", "y", "z"]
    wanted, predicted = [("x", "y"), ("z",), (), ("x",)], [["x"], ["z", "y"], [], ["x"]]
    report = label_set_report(wanted, predicted, labels, shown_as("0123"))
    there, found = (np.array([[name in names for name in labels] for names in s]) for s in (wanted, predicted))
    each = metrics.precision_recall_fscore_support(there, found, zero_division=0)
    assert [list(row.values()) for row in report.classes.values()] == np.stack(each).T.tolist()
    micro = metrics.precision_recall_fscore_support(there, found, average="micro")[:3]
    assert list(report.overall.values()) == pytest.approx(micro)
    assert [row["text"] for row in report.wrong] == ["0", "1"]
    low, high = report.intervals()["micro_f1"]
    assert 0 <= low < micro[2] < high <= 1


def test_numbers_have_limits_of_both_correlations(rng):
    x = rng.standard_normal(100)
    y = x + 0.5 * rng.standard_normal(100)
    limits = number_report(x, y, shown_as([""] * 100)).intervals()
    assert limits["pearson"][0] < np.corrcoef(x, y)[0, 1] < limits["pearson"][1]
    assert limits.keys() == {"pearson", "spearmanr"}


def test_a_task_without_a_report_says_nothing():
    report = Report()
    assert (report.mean_line(), report.class_line(), report.interval_line()) == ("", "", "")
