"""An input to show, taken from the data that was read."""

from types import SimpleNamespace

import pytest

from tasklab.data.texts.example import TextExample
from tasklab.errors import ConfigError, DataError
from tasklab.session.typed import typed_input

TASK = SimpleNamespace(primer='"a gripping and clever film"', parse=lambda text: [text])


def text(text_a, text_b=None):
    return TextExample(id="1", text_a=text_a, text_b=text_b, label="billing", place="line 2")


def test_the_first_short_text_is_shown_as_it_is():
    assert typed_input(TASK, [text("x " * 60), text("I was charged twice"), text("why")]) == "I was charged twice"


def test_several_texts_are_shown_as_json():
    assert typed_input(TASK, [text("A man.", "他")]) == '{"text_a": "A man.", "text_b": "他"}'


def test_what_the_task_itself_would_refuse_is_passed_over():
    def parse(text):
        if "他" in text:
            raise DataError("input[0]: is no pair")
        if "schema" in text:
            raise ConfigError("input[0]: nothing is asked about it")
        return [text] * (2 if text == "why" else 1)

    strict = SimpleNamespace(primer=TASK.primer, parse=parse)
    asked = [text("A man.", "他"), text("no schema"), text("why"), text("I was charged twice")]
    assert typed_input(strict, asked) == "I was charged twice"
    assert typed_input(strict, [text("A man.", "他"), text("why")]) == "a gripping and clever film"


@pytest.mark.parametrize("odd", ["--help me", "a=b", "two\nlines", "notes.txt", ""])
def test_what_the_command_line_takes_for_something_else_is_passed_over(odd):
    assert typed_input(TASK, [text(odd)]) == "a gripping and clever film"
    assert typed_input(TASK, []) == "a gripping and clever film"
