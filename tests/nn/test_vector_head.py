"""Heads for vectors: against NumPy."""

import numpy as np
import pytest

from tasklab.nn.heads.vectors import VectorHead

MASK = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], np.int32)


@pytest.mark.parametrize("pooling", ["first", "last", "mean", "max"])
def test_a_row_becomes_one_vector_whatever_its_padding(pooling, rng, run):
    hidden = rng.standard_normal((2, 4, 3)).astype(np.float32)
    rule = {"first": lambda r: r[0], "last": lambda r: r[-1], "mean": lambda r: r.mean(0), "max": lambda r: r.max(0)}
    expected = [rule[pooling](hidden[0, :3]), rule[pooling](hidden[1, :1])]
    (found,) = run(VectorHead(pooling, 3), hidden, MASK)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_whitening_subtracts_the_mean_and_multiplies_by_the_kernel(rng, run):
    from mindspore import Tensor

    head = VectorHead("first", 3, dimensions=2)
    assert {p.name: p.shape for p in head.get_parameters()} == {"whitening.mean": (3,), "whitening.kernel": (3, 2)}
    mean, kernel = rng.standard_normal(3).astype(np.float32), rng.standard_normal((3, 2)).astype(np.float32)
    head.whitening.mean.set_data(Tensor(mean))
    head.whitening.kernel.set_data(Tensor(kernel))
    hidden = rng.standard_normal((2, 4, 3)).astype(np.float32)
    (found,) = run(head, hidden, MASK)
    np.testing.assert_allclose(found, (hidden[:, 0].astype(np.float64) - mean) @ kernel, atol=1e-5)
