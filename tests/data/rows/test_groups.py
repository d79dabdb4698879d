"""What stays on one side when examples are held out."""

import numpy as np

from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.questions.example import QAExample
from tasklab.data.rows.groups import groups_of
from tasklab.data.texts.candidates import Question
from tasklab.data.texts.example import TextExample


def always(sizes):
    return True


def asked(article, paragraph, k, context):
    place = f"t.json: data[{article}].paragraphs[{paragraph}].qas[{k}]"
    return QAExample(place, "who?", context, place=place)


LONG = ["the moon is made of cheese", "a river runs through the old town", "nobody knows how the bridge was built"]


def test_questions_about_an_article_stay_together_or_about_a_paragraph_where_there_is_one_article():
    two = [asked(0, 0, 0, LONG[0]), asked(0, 1, 0, LONG[1]), asked(1, 0, 0, LONG[2]), asked(0, 0, 1, LONG[0])]
    assert groups_of(two, always).tolist() == [0, 0, 1, 0]
    one = [asked(0, 0, 0, LONG[0]), asked(0, 1, 0, LONG[1]), asked(0, 1, 1, LONG[1])]
    assert groups_of(one, always).tolist() == [0, 0, 0]
    assert groups_of(one, lambda sizes: len(sizes) > 1).tolist() == [0, 1, 1]


def test_equal_paragraphs_of_two_articles_join_them():
    rows = [asked(0, 0, 0, LONG[0]), asked(1, 0, 0, LONG[0].upper() + "!"), asked(1, 1, 0, LONG[1])]
    assert groups_of(rows, always).tolist() == [0, 0, 0]


def test_choices_of_a_context_and_candidates_of_a_question_stay_together():
    texts = [LONG[0], LONG[1], LONG[0] + "?"]
    choices = [ChoiceExample(str(i), context, f"q{i}", ("a", "b")) for i, context in enumerate(texts)]
    assert groups_of(choices, always).tolist() == [0, 1, 0]
    assert groups_of([Question(text, text) for text in texts], always).tolist() == [0, 1, 0]


def test_pairs_are_compared_as_pairs():
    rows = [TextExample(text, LONG[0], text) for text in (LONG[1], LONG[2], LONG[1] + ".")]
    assert groups_of(rows, always).tolist() == [0, 1, 0]


def test_texts_that_differ_in_digits_alone_are_told_apart_where_all_others_are_one():
    rows = [TextExample(str(i), f"what is {i} plus {i}?") for i in range(4)] + [TextExample("4", "What  is 0 plus 0?")]
    assert groups_of(rows, lambda sizes: len(sizes) > 1).tolist() == [0, 1, 2, 3, 0]
    assert groups_of(rows[:1] * 3, lambda sizes: len(sizes) > 1) is None


def test_examples_that_tell_nothing_stand_alone():
    assert groups_of([5, 5, 6], always).tolist() == np.arange(3).tolist()
