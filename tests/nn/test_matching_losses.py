"""Each loss of matching against its formula in float64; what a row lacks, and fillers, change nothing."""

import numpy as np
import pytest

from tasklab.config import LossConfig
from tasklab.config.matching_losses import CROSS_ENTROPY, MATCHING_LOSSES
from tasklab.nn.losses.matching import MATCHING

B, T, D = 5, 4, 6


@pytest.fixture
def rows(rng):
    """Vectors, labels, which texts are there, a teacher's scores and weights: the last row is a filler."""
    present = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]], np.float32)
    return {
        "vectors": rng.standard_normal((B, T, D)).astype(np.float32), "present": present,
        "labels": np.array([1, 0, 0.5, 0, 1], np.float32), "sample_weight": np.array([1, 1, 1, 1, 0], np.float32),
        "teacher_scores": (rng.standard_normal((B, T - 1)) * 5).astype(np.float32),
    }  # fmt: skip


def loss_of(run, name, rows, texts=T, **settings):
    cell = MATCHING.get(name)(LossConfig(**settings), D)
    columns = [rows["vectors"][:, :texts], *(rows[label][:, :texts] if label == "present" else rows[label]
               for label in cell.labels), rows["sample_weight"]]  # fmt: skip
    return tuple(float(value) for value in run(cell, *columns))


def cosines(rows):
    """[B, T - 1] of the first text with each other one, in float64."""
    x = rows["vectors"].astype(np.float64)
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    return np.einsum("bd,btd->bt", x[:, 0], x[:, 1:])


def test_every_loss_of_the_table_has_a_cell_and_they_agree_on_the_batch():
    assert set(MATCHING.names()) == set(MATCHING_LOSSES) - {CROSS_ENTROPY}
    for name in MATCHING.names():
        cell = MATCHING.get(name)(LossConfig(), D)
        assert getattr(cell, "over_batch", False) == MATCHING_LOSSES[name].over_batch


def test_cosine_mse(rows, run):
    expected = np.square(cosines(rows)[:4, 0] - rows["labels"][:4]).sum()
    assert loss_of(run, "cosine_mse", rows) == (pytest.approx(expected, rel=1e-5), 4)


def test_cosine_cross_entropy(rows, run):
    y, p = rows["labels"][:4].astype(np.float64), 1 / (1 + np.exp(-8 * (cosines(rows)[:4, 0] - 0.3)))
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
    assert loss_of(run, "cosine_cross_entropy", rows, scale=8, margin=0.3) == (pytest.approx(expected, rel=1e-5), 4)


def test_contrastive(rows, run):
    y, d = rows["labels"][:4].astype(np.float64), 1 - cosines(rows)[:4, 0]
    expected = (y * d**2 + (1 - y) * np.maximum(0, 0.9 - d) ** 2).sum() / 2
    assert loss_of(run, "contrastive", rows, margin=0.9) == (pytest.approx(expected, rel=1e-5), 4)


def ordered(scores, labels):
    total = 1.0
    for i in range(len(labels)):
        for j in range(len(labels)):
            if labels[i] > labels[j]:
                total += np.exp(scores[j] - scores[i])
    return np.log(total) * len(labels)


def test_cosent_compares_all_pairs_of_the_batch_but_fillers(rows, run):
    expected = ordered(20 * cosines(rows)[:4, 0], rows["labels"][:4])
    assert loss_of(run, "cosent", rows) == (pytest.approx(expected, rel=1e-5), 4)


def test_angle_divides_complex_numbers(rows, run):
    x = rows["vectors"].astype(np.float64)[:4]
    z, w = (x[:, i, : D // 2] + 1j * x[:, i, D // 2 :] for i in (0, 1))
    lengths = [np.sqrt((np.abs(v) ** 2).sum(axis=1)) for v in (z, w)]
    quotient = z * w.conj() / (np.abs(w) ** 2).sum(axis=1, keepdims=True) / (lengths[0] / lengths[1])[:, None]
    expected = ordered(20 * np.abs(quotient.real.sum(axis=1) + quotient.imag.sum(axis=1)), rows["labels"][:4])
    assert loss_of(run, "angle", rows) == (pytest.approx(expected, rel=1e-5), 4)


def in_batch(rows, scale, margin=0.0, symmetric=False, negatives="both"):
    """One row after the other, over lists of what is really there."""
    x = rows["vectors"].astype(np.float64)
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    real, total = range(4), 0.0
    for i in real:
        matches = [x[i, 0] @ x[j, 1] for j in real if j == i or negatives != "given"]
        own = list(real).index(i) if negatives != "given" else 0
        others = [x[i, 0] @ x[j, k] for j in real for k in range(2, T) if rows["present"][j, k]
                  and (negatives == "both" or negatives == "given" and j == i)]  # fmt: skip
        matches[own] -= margin
        scores = scale * np.array(matches + others)
        loss = np.log(np.exp(scores).sum()) - scores[own]
        if symmetric:
            back = np.array([scale * (x[j, 0] @ x[i, 1] - margin * (i == j)) for j in real])
            loss = (loss + np.log(np.exp(back).sum()) - back[i]) / 2
        total += loss
    return total


@pytest.mark.parametrize("negatives", ["both", "in_batch", "given"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_in_batch_tells_a_match_from_all_texts_that_are_there(negatives, symmetric, rows, run):
    settings = {"scale": 7.0, "margin": 0.2, "symmetric": symmetric, "negatives": negatives}
    assert loss_of(run, "in_batch", rows, **settings) == (pytest.approx(in_batch(rows, **settings), rel=1e-5), 4)


def test_in_batch_without_negatives_is_the_loss_of_simcse(rows, run):
    expected = in_batch(rows, 20.0, negatives="in_batch")
    assert loss_of(run, "in_batch", rows, texts=2, scale=20) == (pytest.approx(expected, rel=1e-5), 4)


def test_triplet_is_the_mean_over_the_negatives_of_a_row(rows, run):
    c = cosines(rows)
    rows_with = {0: [1, 2], 1: [1], 3: [1, 2]}  # row -> its negatives; row 2 has none
    expected = sum(np.mean([max(0, c[i, k] - c[i, 0] + 0.7) for k in ks]) for i, ks in rows_with.items())
    assert loss_of(run, "triplet", rows, margin=0.7) == (pytest.approx(expected, rel=1e-5), 3)


def test_margin_mse_learns_the_teachers_margins(rows, run):
    c, t = 3 * cosines(rows), rows["teacher_scores"].astype(np.float64)
    rows_with = {0: [1, 2], 1: [1], 3: [1, 2]}
    expected = sum(
        np.mean([((c[i, 0] - c[i, k]) - (t[i, 0] - t[i, k])) ** 2 for k in ks]) for i, ks in rows_with.items()
    )
    assert loss_of(run, "margin_mse", rows, scale=3) == (pytest.approx(expected, rel=1e-5), 3)


@pytest.mark.parametrize("name", [name for name in MATCHING_LOSSES if name != CROSS_ENTROPY])
def test_what_is_not_there_changes_no_loss(name, rows, run):
    before = loss_of(run, name, rows)
    rows["vectors"][rows["present"] == 0] = 9
    rows["vectors"][4] = rows["vectors"][0]  # of the filler
    assert loss_of(run, name, rows) == pytest.approx(before, rel=1e-5)
