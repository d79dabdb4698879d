"""Means, deviations and advice, worked out by hand."""

import pytest

from tasklab.shots.table import advice, rendered, summary

TITLES = {"a": "one way", "b": "another way", "c": "a third"}


def runs(*accuracies, seconds=1.0):
    return [{"accuracy": value, "macro_f1": value / 2, "seconds": seconds, "note": ""} for value in accuracies]


def test_means_and_deviations_are_those_of_a_sample():
    found = summary({"a": runs(0.5, 0.7, 0.9), "b": [{"note": "no head", "seconds": 0.1}] * 3})
    spread = {"mean": pytest.approx(0.7), "deviation": pytest.approx(0.2), "seeds": [0.5, 0.7, 0.9]}
    assert found["a"]["accuracy"] == spread
    assert found["a"]["macro_f1"]["mean"] == pytest.approx(0.35) and found["b"] == {"note": "no head"}
    assert summary({"a": runs(0.5)})["a"]["accuracy"]["deviation"] is None


def test_a_lead_counts_by_the_differences_on_the_same_rows():
    # b is 0.1 behind on each row set, although both spread by 0.2: differences 0.1, 0.11, 0.09, error 0.0058
    clear = summary({"a": runs(0.5, 0.7, 0.9, seconds=9), "b": runs(0.4, 0.59, 0.81)})
    assert advice(clear, TITLES) == (
        "a", "take one way: accuracy 0.700, 0.100 ahead of another way and more than chance on these rows"
    )
    # differences 0.1, -0.05, 0.04: mean 0.03, error 0.044
    equal = summary({"a": runs(0.5, 0.7, 0.9, seconds=9), "b": runs(0.4, 0.75, 0.86)})
    take, told = advice(equal, TITLES)
    assert take == "b" and told.startswith("take another way: accuracy 0.670, which cannot be told apart from the 0.7")
    slower = summary({"a": runs(0.5, 0.7, 0.9), "b": runs(0.4, 0.75, 0.86, seconds=9)})
    assert advice(slower, TITLES)[1] == (
        "take one way: accuracy 0.700; another way cannot be told apart from it, and takes longer"
    )


def test_few_seeds_and_nothing_at_all_are_said():
    assert "take --seeds 5" in advice(summary({"a": runs(0.5), "b": runs(0.4)}), TITLES)[1]
    assert advice(summary({"a": [{"note": "no head", "seconds": 0.0}]}), TITLES)[0] is None


def test_the_table_shows_the_best_first_and_why_others_did_not_run():
    found = summary({"c": [{"note": "no head for words", "seconds": 0.0}], "b": runs(0.25, 0.35), "a": runs(0.5, 0.7)})
    assert rendered(found, TITLES).splitlines() == [
        "method       accuracy       macro F1       seconds",
        "one way      0.600 ± 0.141  0.300 ± 0.071  1.0",
        "another way  0.300 ± 0.071  0.150 ± 0.035  1.0",
        "a third      -              -              -        no head for words",
    ]
