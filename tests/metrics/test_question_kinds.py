"""Question words and lengths of answers, by questions of SQuAD and CMRC."""

import pytest

from tasklab.metrics.question_kinds import answer_length, question_groups, question_word


@pytest.mark.parametrize(("question", "word"), [
    ("To whom did the Virgin Mary allegedly appear in 1858?", "who"),
    ("In what year did the Normans arrive?", "when"),
    ("What city hosted the game?", "where"),
    ("How many teams took part, and why?", "how many"),
    ("How did it end?", "how"),
    ("The atomic number of oxygen is what?", "what"),
    ("In which form was it sold?", "which"),
    ("Name the whole shower.", "other"),  # neither who nor how
    ("《战国无双3》是由哪两个公司合作开发的？", "which"),
    ("为什么他离开了？", "why"),
    ("他什么时候出生？", "when"),
    ("全书有多少章？", "how many"),
    ("谁写了这本书？", "who"),
])  # fmt: skip
def test_the_question_word_is_found(question, word):
    assert question_word(question) == word


@pytest.mark.parametrize(("answer", "length"), [
    ("", "no answer"), ("...", "no answer"), ("Denver Broncos", "2"), ("in the 10th and 11th centuries", "5 to 8"),
    ("光荣和ω-force", "5 to 8"), ("柬埔寨", "3 to 4"), ("x " * 40, "more than 16"),
])  # fmt: skip
def test_the_length_of_an_answer_is_in_words_or_chinese_characters(answer, length):
    assert answer_length(answer) == length


def test_the_scores_of_each_kind_are_means_and_other_stands_last():
    questions, truth = ["Go.", "Stop.", "Who?", "Who?", "Why?"], ["a", "a b", "", "a", "a b"]
    scores = [{"f1": value} for value in (0.0, 100.0, 100.0, 50.0, 0.0)]
    words, lengths = question_groups(questions, truth, scores).values()
    assert list(words.items()) == [
        ("who", {"f1": 75.0, "count": 2}), ("why", {"f1": 0.0, "count": 1}), ("other", {"f1": 50.0, "count": 2}),
    ]  # fmt: skip
    assert list(lengths.items()) == [
        ("no answer", {"f1": 100.0, "count": 1}), ("1", {"f1": 25.0, "count": 2}), ("2", {"f1": 50.0, "count": 2}),
    ]  # fmt: skip
