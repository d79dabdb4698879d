"""Class weights, label smoothing and focus against PyTorch's numbers, the paper's formula, and NumPy in float64."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.losses.classes import ClassificationLoss, MultiLabelLoss, RegressionLoss

LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, -0.3], [-1.5, 3.0, 0.0], [1.0, 1.0, 1.0]], np.float32)
LABELS = np.array([0, 2, 1, -100], np.int32)
SETS = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]], np.float32)
ONES = np.ones(4, np.float32)
WEIGHTS = [0.5, 1.0, 3.0]


# torch.nn.CrossEntropyLoss(weight, label_smoothing=...)(LOGITS, LABELS), PyTorch 2.13
@pytest.mark.parametrize(
    "weights, smoothing, expected",
    [(None, 0.0, 0.573750913), (WEIGHTS, 0.0, 0.987167120), (None, 0.1, 0.697084248), (WEIGHTS, 0.1, 1.079529166)],
)
def test_weights_and_smoothing_equal_pytorch(run, weights, smoothing, expected):
    total, count = run(ClassificationLoss(weights, smoothing), LOGITS, LABELS, ONES)
    assert total / count == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("p, expected", [(0.9, 0.00026340), (0.1, 0.46627348)])
def test_the_focal_loss_is_alpha_times_focus_times_cross_entropy(run, p, expected):
    # Lin et al. 2017 with alpha 0.25, gamma 2: 0.25 * (1 - p)^2 * -log p
    logits = np.log(np.array([[p, 1 - p]], np.float32))
    row = np.zeros(1, np.int32), np.ones(1, np.float32)
    total, count = run(ClassificationLoss([0.25, 0.25], focal_gamma=2.0), logits, *row)
    assert (total, count) == (pytest.approx(expected, rel=1e-4), 0.25)


def test_parts_sum_to_the_whole(run):
    # accumulated micro-batches: sums and weights add up, whatever class a row has
    loss = ClassificationLoss(WEIGHTS, 0.1, 2.0)
    whole = run(loss, LOGITS, LABELS, ONES)
    parts = [run(loss, LOGITS[i : i + 1], LABELS[i : i + 1], ONES[:1]) for i in range(4)]
    np.testing.assert_allclose(np.sum(parts, axis=0), whole, rtol=1e-6)


def focal_sum(logits, gamma):
    logits = logits.astype(np.float64)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    chosen = log_p[np.arange(len(logits)), np.maximum(LABELS, 0)]
    return -((1 - np.exp(chosen)) ** gamma * chosen)[LABELS >= 0].sum()


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_the_focus_carries_its_own_gradient(gamma):
    loss = ClassificationLoss(focal_gamma=gamma)
    gradient = ms.grad(lambda x: loss(x, Tensor(LABELS), Tensor(ONES))[0])(Tensor(LOGITS)).asnumpy()
    h = 1e-4
    expected = np.zeros(LOGITS.shape)
    for i in np.ndindex(*LOGITS.shape):
        up, down = LOGITS.astype(np.float64), LOGITS.astype(np.float64)
        up[i] += h
        down[i] -= h
        expected[i] = (focal_sum(up, gamma) - focal_sum(down, gamma)) / (2 * h)
    np.testing.assert_allclose(gradient, expected, atol=1e-4)


def test_certain_rows_keep_the_gradient_of_a_small_focus_finite():
    loss, certain = ClassificationLoss(focal_gamma=0.5), Tensor(np.array([[50.0, 0.0]], np.float32))
    row = Tensor(np.zeros(1, np.int32)), Tensor(np.ones(1, np.float32))
    assert np.isfinite(ms.grad(lambda x: loss(x, *row)[0])(certain).asnumpy()).all()


def test_weights_of_sets_equal_pytorch(run):
    # torch.nn.BCEWithLogitsLoss(pos_weight=WEIGHTS)(LOGITS, SETS), PyTorch 2.13
    total, count = run(MultiLabelLoss(WEIGHTS), LOGITS, SETS, ONES)
    assert total / count == pytest.approx(0.953065455, rel=1e-5)


def test_focus_and_smoothing_of_sets_follow_the_formula(run):
    p, target = 1 / (1 + np.exp(-LOGITS.astype(np.float64))), SETS * 0.8 + 0.1
    losses = -target * (1 - p) ** 2 * np.log(p) - (1 - target) * p**2 * np.log(1 - p)
    total, _ = run(MultiLabelLoss(label_smoothing=0.2, focal_gamma=2.0), LOGITS, SETS, ONES)
    assert total == pytest.approx(losses.mean(axis=1).sum(), rel=1e-5)


def test_r_drop_compares_sets_by_class_and_numbers_by_distance(run):
    first, second = LOGITS[:2], LOGITS[2:]
    p, q = (1 / (1 + np.exp(-x.astype(np.float64))) for x in (first, second))
    kl = [a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b)) for a, b in ((p, q), (q, p))]
    np.testing.assert_allclose(run(MultiLabelLoss().divergence, first, second), sum(kl).mean(axis=1) / 2, rtol=1e-4)
    ones, threes = np.ones((2, 1), np.float32), np.full((2, 1), 3, np.float32)
    np.testing.assert_array_equal(run(RegressionLoss().divergence, ones, threes), [4, 4])
