"""Cosines, and the statistics behind whitening: by hand, and against NumPy over all rows at once."""

import numpy as np
import pytest

from tasklab.metrics.vectors import Moments, cosines, unit_rows, whitening


def test_the_cosine_of_a_row_with_itself_is_1_at_a_right_angle_0_and_of_nothing_0():
    a = np.array([[3, 4], [1, 0], [0, 0], [1, 1]], np.float32)
    b = np.array([[6, 8], [0, 2], [1, 0], [1, 0]], np.float32)
    assert cosines(a, b) == pytest.approx([1, 0, 0, 2**-0.5])
    assert unit_rows(a)[:3].tolist() == pytest.approx(np.array([[0.6, 0.8], [1, 0], [0, 0]]))


def test_moments_of_parts_are_those_of_the_whole(rng):
    vectors = rng.standard_normal((50, 4)) * [1, 5, 0.1, 2] + [1e3, 0, -7, 1]
    moments = Moments()
    for part in np.split(vectors, [1, 20, 33]):
        moments.add(part)
    assert moments.count == 50
    np.testing.assert_allclose(moments.mean, vectors.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(vectors.T), rtol=1e-9)


def test_whitened_vectors_have_no_correlation_and_unit_variance(rng):
    vectors = rng.standard_normal((200, 5)) @ rng.standard_normal((5, 5))
    moments = Moments()
    moments.add(vectors)
    kernel, rank = whitening(moments, 3)
    np.testing.assert_allclose(np.cov(((vectors - moments.mean) @ kernel).T), np.eye(3), atol=1e-10)
    assert rank == 5
    largest = np.linalg.eigvalsh(moments.covariance)[::-1][:3]  # the directions are those of the largest variance
    np.testing.assert_allclose(1 / np.linalg.norm(kernel, axis=0) ** 2, largest)


def test_directions_without_variance_are_not_counted(rng):
    moments = Moments()
    moments.add(rng.standard_normal((30, 2)) @ rng.standard_normal((2, 6)))
    assert whitening(moments, 4)[1] == 2
