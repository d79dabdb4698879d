"""The answer without learning: each case follows the documented rules by hand."""
from types import SimpleNamespace

import pytest

from tasklab.metrics.baseline import baseline_answer, baseline_answers


@pytest.mark.parametrize(
    ("question", "context", "expected"),
    [
        # the second sentence shares "live"; "who"/"where" wants a capital
        ("Where does he live?", "He reads a lot. He used to live in Rome.", "Rome"),
        # "dogs", "have", "Ada" are cut out; of "Turing" and "four" the number is asked for
        ("How many dogs does Ada have?", "Ada and Turing have four dogs.", "four"),
        # the number stays whole
        ("How much did it cost?", "The cost was 1,250.5 pounds.", "1,250.5 pounds"),
        # no sentence shares a word: the first one counts, its first piece is the answer
        ("Why?", "Rain fell. Snow came.", "Rain fell"),
        # a comma cuts a piece: "red" is next to the shared word "colours"
        ("Which colours are used?", "Colours: red, blue.", "red"),
        # one character is one word; all of 中国的首都是 stands in the question
        ("中国的首都是哪里？", "我喜欢茶。中国的首都是北京。", "北京"),
        # "when" wants a number: of 它 and 1949年 the second
        ("何时成立？", "学校在北京。它于1949年成立。", "1949年"),
        # accents and an apostrophe inside a word
        ("Who sings?", "Zoë O'Neill sings.", "Zoë O'Neill"),
        # everything is a border: the whole sentence
        ("Is it red?", "It is red.", "It is red"),
        ("Who?", "", ""),
        ("Who?", "...", ""),
    ],
)
def test_the_answer_follows_the_rules(question, context, expected):
    assert baseline_answer(question, context) == expected


def test_answers_are_cut_from_the_context_and_short():
    context = " ".join(f"word{i}" for i in range(40)) + "."
    answer = baseline_answer("Who is word3?", context)
    assert answer in context and 1 <= len(answer.split()) <= 8


def test_examples_are_answered_by_id_without_their_answers():
    examples = [SimpleNamespace(id="q1", question="Who sings?", context="Ada sings.")]
    assert baseline_answers(examples) == {"q1": "Ada"}
