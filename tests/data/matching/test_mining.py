"""Hard negatives by hand and against a plain loop over all pairs."""

import numpy as np
import pytest

from tasklab.data.matching.examples import MatchingExample
from tasklab.data.matching.mining import nearest_negatives, pool_of


def examples(*rows):
    return [MatchingExample(str(i), tuple(texts)) for i, texts in enumerate(rows)]


def circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_what_matches_an_anchor_in_any_row_is_no_negative_of_it():
    pool = pool_of(examples(("a", "x"), ("A ", "y"), ("b", "z", "y"), ("x", "w")), ["more", "b", "X"])
    assert pool.texts == ["a", "x", "y", "b", "z", "w", "more"]
    candidates = [pool.texts[at] for at in pool.candidates]
    assert candidates == ["x", "y", "z", "w", "more", "b"]
    told = [{candidates[i] for i in own} for own in pool.excluded]
    # a goes with x and y, x with a and w; the third row has y as a negative already
    assert told == [{"x", "y"}, {"x", "y"}, {"z", "y", "b"}, {"x", "w"}]
    assert [pool.texts[at] for at in pool.anchors] == ["a", "a", "b", "x"]


def test_the_margin_counts_from_the_cosine_of_the_match():
    # match at 60 degrees: cosine 0.5; with a margin of 0.2 a negative has at most 0.4, which is 66.4 degrees
    candidates = circle(60, 62, 66, 67, 80, 170)
    nearest = nearest_negatives(circle(0), circle(60), candidates, [np.array([0])], 2, 0.2)
    assert nearest.candidates[0].tolist() == [3, 4] and nearest.too_near.tolist() == [2]
    nearest = nearest_negatives(circle(0), circle(60), candidates, [np.array([0])], 9, 0.0)
    assert nearest.candidates[0].tolist() == [1, 2, 3, 4, 5] and nearest.too_near.tolist() == [0]


def test_a_match_farther_than_a_right_angle_still_keeps_its_margin():
    nearest = nearest_negatives(circle(0), circle(120), circle(119, 125, 140), [np.array([], int)], 3, 0.2)
    assert nearest.candidates[0].tolist() == [1, 2][1:]  # -0.5 - 0.1: farther than 126.9 degrees
    assert nearest.too_near.tolist() == [2]


@pytest.mark.parametrize("count", [1, 5, 40])
def test_blocks_find_what_a_loop_over_all_pairs_finds(rng, count):
    def units(n):
        x = rng.standard_normal((n, 8))
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    anchors, matches, candidates = units(300), units(300), units(30)
    excluded = [rng.permutation(30)[: i % 4] for i in range(300)]
    nearest = nearest_negatives(anchors, matches, candidates, excluded, count, 0.1)
    for i in range(300):
        match = float(anchors[i] @ matches[i])
        scores = [(-float(anchors[i] @ candidates[k]), k) for k in range(30) if k not in excluded[i]]
        allowed = [k for score, k in sorted(scores) if -score <= match - 0.1 * abs(match)]
        assert nearest.candidates[i].tolist() == allowed[:count]
        assert nearest.too_near[i] == len(scores) - len(allowed)


def test_equal_candidates_are_taken_in_their_order():
    nearest = nearest_negatives(circle(0), circle(0), circle(50, 50, 50, 50), [np.array([1])], 2, 0.05)
    assert nearest.candidates[0].tolist() == [0, 2]
