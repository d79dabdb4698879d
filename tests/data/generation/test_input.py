"""What predict is handed: texts as they stand, chats, prompts, files."""

import json

import pytest

from tasklab.data.generation.examples import Chat, GenerationDataConfig, Message, Passage
from tasklab.data.generation.input import generation_examples_from_input
from tasklab.errors import DataError

USER = {"role": "user", "content": "Hello"}
DATA = GenerationDataConfig()


def given(item):
    return generation_examples_from_input(item, DATA)


def test_a_text_is_continued_as_it_stands():
    assert given(" Once upon ") == [Passage("0", " Once upon ", "input[0]")]
    assert [e.text for e in given(["a", {"text": "b"}])] == ["a", "b"]


def test_a_list_of_turns_is_one_chat_and_a_list_of_these_several():
    chat = Chat("0", (Message("user", "Hello"),), False, "input[0]")
    assert given([USER]) == [chat]
    assert given(json.dumps([USER])) == given([json.dumps([USER])]) == [chat]  # as typed on a command line
    assert [e.text for e in given(['[{"a": 1}]', "[{role"])] == ['[{"a": 1}]', "[{role"]
    assert [e.messages for e in given([[USER], {"messages": [USER]}])] == [chat.messages] * 2
    assert given(json.dumps({"messages": [USER]}))[0].messages == chat.messages


def test_a_prompt_is_answered_with_its_input_below_it():
    (example,) = given({"instruction": "Add", "input": "1 and 2"})
    assert example.messages == (Message("user", "Add\n1 and 2"),) and example.plain


def test_a_chat_that_ends_with_an_answer_is_refused_where_it_is_typed():
    with pytest.raises(DataError, match=r"input\[0\]: the last turn is the assistant's, expected the user's"):
        given([USER, {"role": "assistant", "content": "Hi"}])
    with pytest.raises(DataError, match=r"input\[0\]\[0\]: the role is assistant, where user is expected"):
        given([[{"role": "assistant", "content": "Hi"}]])
    with pytest.raises(DataError, match=r"input\[0\]\[1\]: the role is user, where assistant is expected"):
        given(json.dumps([USER, USER]))


def test_a_training_file_is_asked_again_without_its_answers(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"messages": [USER, {"role": "assistant", "content": "Hi"}]}) + "\n")
    assert given(path)[0].messages == (Message("user", "Hello"),)
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps({"instruction": "Add", "output": "3"}) + "\n")
    assert given(path)[0].messages == (Message("user", "Add"),)


def test_a_text_file_holds_a_text_per_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")
    assert [e.text for e in given(path)] == ["one", "two"]


@pytest.mark.parametrize("item", ["", "  ", {"x": 1}, 7, [["a", "b"]]])
def test_other_things_are_refused_with_the_forms(item):
    with pytest.raises(DataError, match=r"input"):
        given(item)
