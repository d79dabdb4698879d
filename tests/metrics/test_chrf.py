"""The counts behind chrF's interval are sacrebleu's."""

import pytest

from tasklab.metrics.bleu import score_bleu
from tasklab.metrics.chrf import chrf_counts, chrf_interval, chrf_of

TEXTS = ["the cat sat on a mat", "它今天很好。", "no", "", "rain  again"]
REFERENCES = [["the cat sat on the mat", "a cat sat"], ["它今天不好。"], ["yes"], ["empty"], ["rain again today"]]


def test_the_counts_of_all_give_sacrebleus_score():
    scores, _ = score_bleu(TEXTS, REFERENCES, "13a")
    assert chrf_of(chrf_counts(TEXTS, REFERENCES).sum(axis=0)) == pytest.approx(scores["chrf"], abs=1e-9)


def test_an_interval_holds_the_score_and_equal_answers_have_none():
    low, high = chrf_interval(TEXTS * 10, REFERENCES * 10)
    assert low < score_bleu(TEXTS, REFERENCES, "13a")[0]["chrf"] < high
    assert high - low < 40
    assert chrf_interval(["a cat"] * 5, [["a cat"]] * 5) == pytest.approx((100, 100))


def test_nothing_in_common_scores_0():
    assert chrf_interval(["a", ""], [["b"], ["c"]]) == (0, 0)
