"""Scores of hits by hand and against scikit-learn's nDCG."""

import math

import numpy as np
import pytest

from tasklab.metrics.retrieval import score_retrieval


def test_one_query_by_hand():
    # relevant ones at places 2 and 4, a third is not among the hits
    scores = score_retrieval([["a", "b", "c", "d"]], [{"b", "d", "z"}], k=4)
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert scores["ndcg_at_4"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert scores["mrr_at_4"] == 0.5 and scores["recall_at_4"] == pytest.approx(2 / 3)


def test_what_stands_behind_k_does_not_count():
    scores = score_retrieval([["a", "b", "c"]], [{"c"}], k=2)
    assert scores == {"ndcg_at_2": 0.0, "mrr_at_2": 0.0, "recall_at_2": 0.0, "total": 1, "without_positive": 0}


def test_graded_gains_are_those_of_scikit_learn():
    from sklearn.metrics import ndcg_score

    random = np.random.default_rng(0)
    gains, scores = random.integers(0, 4, (20, 15)), random.normal(size=(20, 15))
    ranked = np.argsort(-scores, axis=1).tolist()
    ours = score_retrieval(ranked, [dict(enumerate(row)) for row in gains.tolist()], k=10)
    assert ours["ndcg_at_10"] == pytest.approx(ndcg_score(gains, scores, k=10), abs=1e-12)


def test_queries_without_anything_relevant_are_counted_apart():
    scores = score_retrieval([["a"], ["a"], ["a"]], [{"a"}, set(), {"a": 0}], k=1)
    assert (scores["recall_at_1"], scores["total"], scores["without_positive"]) == (1.0, 1, 2)
    assert score_retrieval([], [])["ndcg_at_10"] == 0.0


def test_a_hit_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="query 1: the same hit stands twice among the first 10"):
        score_retrieval([["a"], ["b", "b"]], [{"a"}, {"b"}])
