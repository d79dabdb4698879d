"""Distillation losses by hand."""

import math

import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.losses.classes import ClassificationLoss, MultiLabelLoss, RegressionLoss
from tasklab.nn.losses.distillation import DistillationLoss

LABELS, WEIGHT = np.array([0, 1], np.int32), np.array([1, 1], np.float32)


def loss(run, student, teacher, weight=WEIGHT, **settings):
    arrays = np.array(student, np.float32), LABELS, np.array(teacher, np.float32), weight
    total, count = run(DistillationLoss(ClassificationLoss(), **settings), *arrays)
    return float(total), float(count)


def test_mse_is_the_mean_over_the_classes_beside_the_cross_entropy(run):
    # row 1: (1 + 9) / 2 = 5, row 2: 0; cross entropy log 2 each
    total, count = loss(run, [[0, 0], [0, 0]], [[1, -3], [0, 0]], distance="mse", soft_alpha=0.25, temperature=1.0)
    assert (total, count) == (pytest.approx(0.25 * 5 + 0.75 * 2 * math.log(2), rel=1e-5), 2)


def test_kl_compares_softened_distributions_and_keeps_its_scale(run):
    # teacher logits 2 log 3 and 0 at temperature 2: 3/4 and 1/4, against 1/2 and 1/2; times 4
    teacher = [[2 * math.log(3), 0], [0, 0]]
    total, _ = loss(run, [[0, 0], [0, 0]], teacher, distance="softmax", soft_alpha=1.0, temperature=2.0)
    assert total == pytest.approx(4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)), rel=1e-5)


def test_a_student_that_says_what_its_teacher_says_pays_for_the_labels_alone(run):
    logits = [[1, 3], [0, 2]]
    alone, _ = loss(run, logits, [[9, 9], [9, 9]], distance="mse", soft_alpha=0.0, temperature=1.0)
    for distance in ("mse", "softmax"):
        total, _ = loss(run, logits, logits, distance=distance, soft_alpha=0.5, temperature=3.0)
        assert total == pytest.approx(alone / 2, rel=1e-5)


def test_fillers_count_nothing(run):
    weight = np.array([1, 0], np.float32)
    total, count = loss(run, [[0, 0], [5, 5]], [[0, 2], [-9, 9]], weight, distance="mse", soft_alpha=1.0)
    assert (total, count) == (2.0, 1)


def test_labels_that_do_not_exclude_each_other_are_compared_one_by_one(run):
    # teacher 3/4 and 1/2 at temperature 2, student 1/2 and 1/2: the mean of 0.75 log 1.5 + 0.25 log 0.5 and 0, times 4
    teacher, labels = np.array([[2 * math.log(3), 0]], np.float32), np.array([[1, 0]], np.float32)
    cell = DistillationLoss(MultiLabelLoss(), "sigmoid", soft_alpha=0.5, temperature=2.0)
    total, count = run(cell, np.zeros((1, 2), np.float32), labels, teacher, np.ones(1, np.float32))
    soft = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2
    assert (float(total), float(count)) == (pytest.approx((soft + math.log(2)) / 2, rel=1e-5), 1)


def test_a_teacher_of_many_thousands_stays_finite(run):
    huge = np.array([[1e4, -1e4]], np.float32)
    cell = DistillationLoss(MultiLabelLoss(), "sigmoid", soft_alpha=1.0, temperature=1.0)
    total, _ = run(cell, -huge, np.array([[1, 0]], np.float32), huge, np.ones(1, np.float32))
    assert float(total) == pytest.approx(1e4)  # 1 * (log 1 - log sigmoid(-1e4))


def test_numbers_are_drawn_to_the_teacher_s_and_to_their_own(run):
    # 0.25 * (3 - 1)^2 + 0.75 * (3 - 5)^2
    cell = DistillationLoss(RegressionLoss(), "mse", soft_alpha=0.25)
    arrays = (np.array(values, np.float32) for values in ([[3]], [5], [[1]], [1]))
    assert float(run(cell, *arrays)[0]) == pytest.approx(0.25 * 4 + 0.75 * 4)


def test_r_drop_compares_two_passes_as_the_loss_of_the_labels_does():
    first, second = (Tensor(np.array([[value]], np.float32)) for value in (1, 3))
    cell = DistillationLoss(RegressionLoss(), "mse", soft_alpha=0.25)
    assert cell.divergence(first, second).asnumpy().tolist() == [4.0]


def test_a_row_of_a_heavy_class_counts_as_much_in_the_distance(run):
    # class 1 counts 3: mse of row 1 is 5 and of row 2 2; cross entropy log 2 each, 1 x log 2 + 3 x log 2
    cell = DistillationLoss(ClassificationLoss([1, 3]), "mse", soft_alpha=0.25)
    student, teacher = np.zeros((2, 2), np.float32), np.array([[1, -3], [2, 0]], np.float32)
    total, count = run(cell, student, LABELS, teacher, WEIGHT)
    assert (float(total), float(count)) == (pytest.approx(0.25 * (5 + 3 * 2) + 0.75 * 4 * math.log(2), rel=1e-5), 4)
