"""Heads for vectors: against NumPy and sentence-transformers (tests/fixtures/make_pooling_reference.py)."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.config import sentence_transformers
from tasklab.config.model_section import POOLINGS
from tasklab.nn.heads.vectors import VectorHead

MASK = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], np.int32)


RULES = {
    "first": lambda r: r[0], "last": lambda r: r[-1], "mean": lambda r: r.mean(0), "max": lambda r: r.max(0),
    "mean_sqrt_len": lambda r: r.sum(0) / len(r) ** 0.5,
    "weightedmean": lambda r: np.average(r, axis=0, weights=1 + np.arange(len(r))),
}  # fmt: skip
"""The poolings of sentence-transformers on the real tokens of a row."""


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_row_becomes_one_vector_whatever_its_padding(pooling, rng, run):
    hidden = rng.standard_normal((2, 4, 3)).astype(np.float32)
    expected = [RULES[pooling](hidden[0, :3]), RULES[pooling](hidden[1, :1])]
    (found,) = run(VectorHead([pooling], 3), hidden, MASK)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_poolings_stand_side_by_side_below_a_dense(rng, run):
    from mindspore import Tensor

    head = VectorHead(["max", "mean"], 3, dense_size=2, act="tanh")
    assert {p.name: p.shape for p in head.get_parameters()} == {"dense.weight": (2, 6), "dense.bias": (2,)}
    weight, bias = rng.standard_normal((2, 6)).astype(np.float32), rng.standard_normal(2).astype(np.float32)
    head.dense.weight.set_data(Tensor(weight))
    head.dense.bias.set_data(Tensor(bias))
    hidden = rng.standard_normal((2, 4, 3)).astype(np.float32)
    (found,) = run(head, hidden, MASK)
    pooled = [np.concatenate([RULES[kind](row) for kind in ("max", "mean")]) for row in (hidden[0, :3], hidden[1, :1])]
    np.testing.assert_allclose(found, np.tanh(pooled @ weight.T + bias), atol=1e-5)


@pytest.fixture(scope="module")
def reference():
    with np.load(Path(__file__).parents[1] / "fixtures" / "pooling_reference.npz") as file:
        return dict(file)


def test_every_pooling_is_that_of_sentence_transformers(reference, run):
    for key in [key for key in reference if key.startswith("pooling:")]:
        first, *more = sentence_transformers.poolings({"pooling_mode": key.removeprefix("pooling:").split("+")}, "here")
        (found,) = run(VectorHead([first, *more], 4), reference["hidden"], reference["mask"])
        np.testing.assert_allclose(found, reference[key], atol=1e-6, err_msg=key)


@pytest.mark.parametrize("theirs, act", sentence_transformers.ACTS.items())
def test_a_dense_is_that_of_sentence_transformers(reference, run, theirs, act):
    from mindspore import Tensor

    head = VectorHead(["mean"], 4, dense_size=3, act=act)
    head.dense.weight.set_data(Tensor(reference["dense:weight"]))
    head.dense.bias.set_data(Tensor(reference["dense:bias"]))
    (found,) = run(head, reference["hidden"], reference["mask"])
    np.testing.assert_allclose(found, reference[f"dense:{theirs}"], atol=5e-6)


def test_whitening_subtracts_the_mean_and_multiplies_by_the_kernel(rng, run):
    from mindspore import Tensor

    head = VectorHead(["first"], 3, dimensions=2)
    assert {p.name: p.shape for p in head.get_parameters()} == {"whitening.mean": (3,), "whitening.kernel": (3, 2)}
    mean, kernel = rng.standard_normal(3).astype(np.float32), rng.standard_normal((3, 2)).astype(np.float32)
    head.whitening.mean.set_data(Tensor(mean))
    head.whitening.kernel.set_data(Tensor(kernel))
    hidden = rng.standard_normal((2, 4, 3)).astype(np.float32)
    (found,) = run(head, hidden, MASK)
    np.testing.assert_allclose(found, (hidden[:, 0].astype(np.float64) - mean) @ kernel, atol=1e-5)
