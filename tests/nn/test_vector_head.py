"""Heads for vectors: against NumPy."""

import numpy as np
import pytest

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
