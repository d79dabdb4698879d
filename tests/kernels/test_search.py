"""Exact search in C++ against sums in float64, and against itself in other company."""

import numpy as np
import pytest
from same_rows import NEEDS_AVX512

from tasklab.kernels import build
from tasklab.kernels.search import as_bytes, largest_products, largest_products_of_bytes

pytestmark = pytest.mark.skipif(build.library() is None, reason=build.why_not())
SHAPES = [(1, 1), (3, 5), (67, 17), (1000, 64), (513, 130), (4099, 384)]  # fills of no vector, block or piece too


def expected(vectors, queries, top):
    """All products in float64, a stable sort: equal ones by their rows."""
    products = queries.astype(np.float64) @ vectors.astype(np.float64).T
    rows = np.argsort(-products, axis=1, kind="stable")[:, :top]
    return np.take_along_axis(products, rows, 1), rows


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("asked", [1, 4, 39])
def test_the_best_rows_are_those_of_all_products_sorted(shape, asked, rng):
    vectors = rng.standard_normal(shape).astype(np.float32)
    queries = rng.standard_normal((asked, shape[1])).astype(np.float32)
    top = min(10, shape[0])
    scores, rows = largest_products(vectors, queries, top)
    wanted, order = expected(vectors, queries, top)
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_allclose(scores, wanted, rtol=1e-5, atol=1e-5)


def test_equal_scores_stand_by_their_rows_whatever_the_order(rng):
    vectors = np.tile(rng.standard_normal((1, 24)).astype(np.float32), (5000, 1))
    assert largest_products(vectors, vectors[:1], 7)[1].tolist() == [list(range(7))]
    rising = np.arange(5000, dtype=np.float32)[:, None]
    assert largest_products(rising, np.ones((1, 1)), 3)[1].tolist() == [[4999, 4998, 4997]]


@NEEDS_AVX512
def test_a_score_is_the_same_bits_alone_and_among_others(rng):
    vectors = rng.standard_normal((2003, 100)).astype(np.float32)
    queries = rng.standard_normal((37, 100)).astype(np.float32)
    together = largest_products(vectors, queries, 5)
    for q in range(len(queries)):
        scores, rows = largest_products(vectors, queries[q : q + 1], 5)
        np.testing.assert_array_equal(scores[0], together[0][q])
        alone = largest_products(vectors[rows[0][:1]].copy(), queries[q : q + 1], 1)[0]
        assert alone[0, 0] == scores[0, 0]


def test_fewer_rows_and_scores_that_are_no_numbers_leave_minus_one():
    vectors = np.array([[1, 0], [np.nan, 1], [0, 1]], np.float32)
    scores, rows = largest_products(vectors, np.array([[1, 0.5]], np.float32), 5)
    assert rows.tolist() == [[0, 2, -1, -1, -1]] and scores.tolist() == [[1, 0.5, 0, 0, 0]]


def test_bytes_times_scales_are_near_the_vectors(rng):
    vectors = rng.standard_normal((50, 33)).astype(np.float32)
    vectors[7] = 0
    levels, scales = as_bytes(vectors)
    assert levels.min() >= -127 and not levels[7].any()
    # rounding moves a number by half a step at most
    assert (np.abs(levels * scales[:, None] - vectors) <= scales[:, None] * 0.5001).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_bytes_choose_by_whole_numbers_and_floats_decide(shape, rng):
    vectors = rng.standard_normal(shape).astype(np.float32)
    queries = rng.standard_normal((6, shape[1])).astype(np.float32)
    levels, scales = as_bytes(vectors)
    top, candidates = min(3, shape[0]), min(8, shape[0])
    found = largest_products_of_bytes(levels, scales, vectors, queries, candidates, top)
    for q, query in enumerate(queries):
        asked = np.rint(query / np.abs(query).max() * np.float32(127)).astype(np.int64)
        near = (levels.astype(np.int64) @ asked).astype(np.float32) * scales
        chosen = np.argsort(-near, kind="stable")[:candidates]
        best = sorted(chosen, key=lambda row: (-float(vectors[row].astype(np.float64) @ query), row))[:top]
        assert found[1][q].tolist() == best
    exact = largest_products(vectors, queries, shape[0])
    for q in range(len(queries)):  # scores are those of the search among all; for their bits see the test above
        by_row = dict(zip(exact[1][q].tolist(), exact[0][q].tolist(), strict=True))
        assert found[0][q].tolist() == pytest.approx([by_row[row] for row in found[1][q].tolist()], rel=1e-6)


def test_other_shapes_and_types_are_refused(rng):
    vectors = rng.standard_normal((5, 4)).astype(np.float32)
    for bad in (vectors.astype(np.float64), vectors[:, ::2], vectors[0]):
        with pytest.raises(ValueError, match=r"expected float32 \[N, D\]"):
            largest_products(bad, vectors[:1], 1)
    with pytest.raises(ValueError, match=r"expected \[Q, 4\] and at least 1"):
        largest_products(vectors, vectors[:1, :3], 1)
    with pytest.raises(ValueError, match="expected int8"):
        largest_products_of_bytes(vectors, vectors[:, 0], vectors, vectors[:1], 1, 1)
