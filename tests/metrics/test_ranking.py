"""Ranking scores by hand, and equal scores against every order of them."""

import itertools

import pytest

from tasklab.metrics.ranking import score_rankings


def by_hand(labels_in_order):
    """MRR, MAP and accuracy at 1 of one strict order."""
    places = [i for i, label in enumerate(labels_in_order, start=1) if label]
    precision = sum(k / place for k, place in enumerate(places, start=1)) / len(places)
    return 1 / places[0], precision, float(labels_in_order[0])


def test_one_question_by_hand():
    # right ones at places 2 and 4: 1/2, (1/2 + 2/4) / 2, and the first is wrong
    scores = score_rankings([([0.1, 0.9, 0.7, 0.4], [1, 0, 1, 0])])
    assert scores == {"mrr": 0.5, "map": 0.5, "accuracy_at_1": 0.0, "total": 1, "without_positive": 0}


def test_means_run_over_questions_and_pass_over_those_without_a_right_one():
    scores = score_rankings([([3, 2], [1, 0]), ([3, 2], [0, 1]), ([1, 2], [0, 0])])
    assert scores == {"mrr": 0.75, "map": 0.75, "accuracy_at_1": 0.5, "total": 2, "without_positive": 1}
    assert score_rankings([([1.0], [0])])["mrr"] == 0.0


def test_a_network_that_scores_all_alike_gains_nothing():
    # one right of four: (1 + 1/2 + 1/3 + 1/4) / 4
    scores = score_rankings([([0.5] * 4, [1, 0, 0, 0])])
    assert scores["mrr"] == pytest.approx(25 / 48) and scores["accuracy_at_1"] == 0.25


@pytest.mark.parametrize(
    "ties, labels",
    [([1, 1, 1], [1, 1, 0]), ([2, 1, 1, 1], [0, 1, 0, 1]), ([2, 2, 1, 1, 1], [1, 0, 1, 1, 0]), ([1, 1], [1, 1]),
     ([3, 2, 2, 1, 1], [0, 0, 0, 1, 0])],
)  # fmt: skip
def test_equal_scores_count_as_the_mean_over_their_orders(ties, labels):
    orders = [o for o in itertools.permutations(range(len(ties))) if [ties[i] for i in o] == sorted(ties)[::-1]]
    strict = [by_hand([labels[i] for i in order]) for order in orders]
    wanted = [sum(column) / len(orders) for column in zip(*strict, strict=True)]
    found = score_rankings([(ties, labels)])
    assert [found["mrr"], found["map"], found["accuracy_at_1"]] == pytest.approx(wanted)
