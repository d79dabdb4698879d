"""The baseline that counts words."""

from tasklab.metrics.tfidf import tfidf_predictions


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
