"""Distillation losses by hand."""

import math

import numpy as np
import pytest

from tasklab.nn.distillation import DistillationLoss

LABELS, WEIGHT = np.array([0, 1], np.int32), np.array([1, 1], np.float32)


def loss(run, student, teacher, weight=WEIGHT, **settings):
    arrays = np.array(student, np.float32), LABELS, np.array(teacher, np.float32), weight
    total, count = run(DistillationLoss(**settings), *arrays)
    return float(total), float(count)


def test_mse_is_the_mean_over_the_classes_beside_the_cross_entropy(run):
    # row 1: (1 + 9) / 2 = 5, row 2: 0; cross entropy log 2 each
    total, count = loss(run, [[0, 0], [0, 0]], [[1, -3], [0, 0]], kind="mse", soft_alpha=0.25, temperature=1.0)
    assert (total, count) == (pytest.approx(0.25 * 5 + 0.75 * 2 * math.log(2), rel=1e-5), 2)


def test_kl_compares_softened_distributions_and_keeps_its_scale(run):
    # teacher logits 2 log 3 and 0 at temperature 2: 3/4 and 1/4, against 1/2 and 1/2; times 4
    teacher = [[2 * math.log(3), 0], [0, 0]]
    total, _ = loss(run, [[0, 0], [0, 0]], teacher, kind="kl", soft_alpha=1.0, temperature=2.0)
    assert total == pytest.approx(4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)), rel=1e-5)


def test_a_student_that_says_what_its_teacher_says_pays_for_the_labels_alone(run):
    logits = [[1, 3], [0, 2]]
    alone, _ = loss(run, logits, [[9, 9], [9, 9]], kind="mse", soft_alpha=0.0, temperature=1.0)
    for kind in ("mse", "kl"):
        total, _ = loss(run, logits, logits, kind=kind, soft_alpha=0.5, temperature=3.0)
        assert total == pytest.approx(alone / 2, rel=1e-5)


def test_fillers_count_nothing(run):
    weight = np.array([1, 0], np.float32)
    total, count = loss(run, [[0, 0], [5, 5]], [[0, 2], [-9, 9]], weight, kind="mse", soft_alpha=1.0, temperature=1.0)
    assert (total, count) == (2.0, 1)
