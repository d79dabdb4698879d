"""The baseline that counts words."""

from collections import Counter

import numpy as np
import pytest

from tasklab.metrics import tfidf
from tasklab.metrics.tfidf import _drawn, tfidf_predictions


def test_it_learns_which_words_go_with_which_label():
    texts = ["a good film", "a bad film", "good food", "bad food"]
    assert tfidf_predictions(texts, ["+", "-", "+", "-"], ["good", "bad acting"]) == ["+", "-"]


def test_chinese_characters_are_words():
    texts = ["很好的酒店", "很差的酒店", "好书", "差书"]
    assert tfidf_predictions(texts, ["+", "-", "+", "-"], ["真好", "真差"]) == ["+", "-"]


def test_numbers_are_predicted_as_numbers():
    low, high = tfidf_predictions(["good good", "bad bad", "good", "bad"], [4.0, 1.0, 4.0, 1.0], ["bad", "good"])
    assert low < 2.5 < high


def test_one_label_alone_is_always_the_answer():
    assert tfidf_predictions(["a", "b"], ["x", "x"], ["c"]) == ["x"]


def test_a_text_without_words_is_answered_too():
    assert tfidf_predictions(["good", "bad", "!"], ["+", "-", "-"], ["?!"])[0] in ("+", "-")
    assert tfidf_predictions(["!", "?", "."], ["+", "-", "-"], ["."]) == ["-"]


def test_labels_that_do_not_exclude_each_other_are_learned_one_by_one(recwarn):
    texts = ["good film", "bad film", "good food", "bad food"]
    labels = [("+", "film", "en"), ("film", "en"), ("+", "en"), ("en",)]  # every text has "en"
    assert tfidf_predictions(texts, labels, ["good film", "bad food"]) == [("+", "en", "film"), ("en",)]
    assert not recwarn.list


ORDERS = {"sorted": ["+"] * 60 + ["-"] * 60, "alternating": ["+", "-"] * 60, "one in three": ["+", "-", "-"] * 40}


@pytest.mark.parametrize("order", ORDERS)
def test_of_many_rows_every_label_is_learned(order, monkeypatch):
    monkeypatch.setattr(tfidf, "ROWS", 40)
    texts = ["good" if label == "+" else "bad" for label in ORDERS[order]]
    assert tfidf_predictions(texts, ORDERS[order], ["good", "bad"]) == ["+", "-"]


def test_of_a_file_sorted_by_label_each_keeps_its_share_and_of_numbers_each_size():
    labels = ["a"] * 30_000 + ["b"] * 10_000 + ["c"] * 10
    rows = _drawn(labels, 20_000)
    # 20,000 of 40,010 rows: 14,996 and 4,999 of the large labels, 5 of the small one, each to the next row
    assert Counter(labels[row] for row in rows) == pytest.approx({"a": 14_996, "b": 4_999, "c": 5}, abs=1)
    assert rows.tolist() == _drawn(labels, 20_000).tolist() == sorted(set(rows.tolist()))
    assert 4_900 < (rows[rows < 30_000] % 3 == 0).sum() < 5_100  # not every k-th: a third of 14,996 is 4,999
    assert np.mean(_drawn([float(i % 100) for i in range(1000)], 100) % 100) == pytest.approx(49.5, abs=0.5)
    sets = [("en",)] * 6 + [("en", "film")] * 6
    assert Counter(sets[row] for row in _drawn(sets, 4)) == {("en",): 2, ("en", "film"): 2}


def test_of_few_rows_all_are_learned():
    assert _drawn(["a", "b", "a"], 3).tolist() == [0, 1, 2]
