"""Scores of classes, sets of classes and numbers, worked out by hand."""

import pytest

from tasklab.metrics.classification import majority, score_classes, score_label_sets
from tasklab.metrics.correlation import score_numbers


def test_two_classes_by_hand():
    # wanted 1: 3 rows, 2 found, 1 false alarm: P = R = F1 = 2/3; class 0: 1 of 2 found, 1 false alarm: F1 = 1/2
    # Matthews: (TP TN - FP FN) / sqrt(3 3 2 2) = (2 - 1) / 6
    scores = score_classes(["1", "1", "0", "1", "0"], ["1", "1", "1", "0", "0"], ["0", "1"])
    assert scores == {
        "accuracy": pytest.approx(3 / 5), "f1": pytest.approx(2 / 3), "macro_f1": pytest.approx(7 / 12),
        "matthews_correlation": pytest.approx(1 / 6), "total": 5,
    }  # fmt: skip


def test_f1_is_that_of_the_second_label_whatever_its_name():
    assert score_classes(["no", "no"], ["no", "yes"], ["yes", "no"])["f1"] == pytest.approx(2 / 3)
    assert score_classes(["no", "no"], ["no", "yes"], ["no", "yes"])["f1"] == 0


def test_more_classes_have_no_single_f1():
    scores = score_classes(["a", "b", "c"], ["a", "b", "b"], ["a", "b", "c"])
    assert "f1" not in scores and scores["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_one_class_alone_has_no_correlation():
    assert score_classes(["1", "1"], ["1", "0"], ["0", "1"])["matthews_correlation"] == 0


def test_label_sets_by_hand():
    # 3 found, 1 of them wrong, 1 missed: micro F1 = 2 * 2 / (3 + 3); a: 1/1, b: F1 2/3, c: 0
    scores = score_label_sets([["a", "b"], ["b"], []], [["a"], ["b"], ["c"]], ["a", "b", "c"])
    assert scores == {
        "micro_f1": pytest.approx(2 / 3), "macro_f1": pytest.approx(5 / 9), "exact_match": pytest.approx(1 / 3),
        "total": 3,
    }  # fmt: skip


def test_correlations_by_hand():
    # ranks 1 2 3 4 against 1 3 2 4: 1 - 6 * 2 / (4 * 15) = 0.8; Pearson of 1 2 3 4 and 1 3 2 4 is the same
    scores = score_numbers([1, 2, 3, 4], [1, 3, 2, 4])
    assert (scores["spearmanr"], scores["pearson"]) == (pytest.approx(0.8), pytest.approx(0.8))
    assert (scores["mse"], scores["total"]) == (0.5, 4)


def test_equal_numbers_share_their_rank():
    # ranks 1.5 1.5 3 against 1 2 3: cov 1.5, deviations sqrt(1.5) and sqrt(2): 1.5 / sqrt(3)
    assert score_numbers([5, 5, 9], [1, 2, 3])["spearmanr"] == pytest.approx(1.5 / 3**0.5)


def test_a_constant_correlates_with_nothing():
    assert score_numbers([2, 2], [1, 3]) == {"pearson": 0.0, "spearmanr": 0.0, "mse": 1.0, "total": 2}


def test_the_majority_is_the_first_of_equally_frequent_labels():
    assert majority(["b", "a", "a", "b"]) == ["b"] * 4
    assert majority([("x",), (), ("x",)]) == [("x",)] * 3
