"""UER-py's prompts.json as patterns and words, and what is wrong in one with its place."""

import json

import pytest

from tasklab.data.texts.prompts.wording import PromptDataConfig, patterns_of, settle_wording, verbalizer_of
from tasklab.errors import DataError

PROMPTS = {
    "one": {"template": "[TEXT_A] 这{是}[ANS]的 [TEXT_B]", "answer_words": {"1": "好", "0": ["坏", "差"]}},
    "two": {"template": "[ANS] [TEXT_A]", "answer_words": {"1": "好", "0": "坏"}},
}


def data(tmp_path, prompts, **more):
    file = tmp_path / "prompts.json"
    file.write_text(json.dumps(prompts), encoding="utf-8")
    return PromptDataConfig(pattern=str(file), **more)


def test_a_template_is_a_pattern_and_its_words_are_the_verbalizer(tmp_path):
    asked = data(tmp_path, PROMPTS, prompt_id="one")
    (pattern,) = patterns_of(asked)
    assert pattern.pieces == (("", "textA"), (" 这{是}", "MASK"), ("的 ", "textB"))
    assert verbalizer_of(asked).words == {"1": ("好",), "0": ("坏", "差")}
    settle_wording(asked)
    assert (asked.pattern, asked.prompt_id) == (None, None) and patterns_of(asked) == [pattern]
    assert asked.label_words == {"1": ["好"], "0": ["坏", "差"]}


@pytest.mark.parametrize(
    "prompts, name, told",
    [
        (PROMPTS, None, ": holds several prompts; name one with data.prompt_id: one, two"),
        (PROMPTS, "three", ": no prompt named 'three'; those that are: one, two"),
        ([], None, ": is no mapping of prompts"),
        ({"a": {"answer_words": {"1": "x"}}}, None, ": a: has no template"),
        ({"a": {"template": "[TEXT_A] [ANS]"}}, None, ": a: has no answer_words"),
        ({"a": {"template": "[TEXT_A] [ANS]", "answer_words": {"1": 3}}}, None, ": a.answer_words.1: is '3'"),
        ({"a": {"template": "[TEXT_A]", "answer_words": {"1": "x", "0": "y"}}}, None, ": a.template: '{textA}' has"),
        ({"a": {"template": "[TEXT_A] [ANS]", "answer_words": {"1": "x", "0": ""}}}, None, "words.0: the label '0'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(prompts, name, told, tmp_path):
    asked = data(tmp_path, prompts, prompt_id=name)
    with pytest.raises(DataError) as error:
        patterns_of(asked), verbalizer_of(asked)
    assert str(error.value).startswith(asked.pattern) and told in str(error.value)
