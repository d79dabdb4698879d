"""Files of every layout become the same examples, and bad rows are named."""

import json

import pytest

from tasklab.data.generation.examples import Chat, GenerationDataConfig, Message, Passage
from tasklab.data.generation.reading import read_generation
from tasklab.errors import DataError
from tests.data.generation.letters import Letters


def settings(**changes):
    data = GenerationDataConfig()
    for key, value in changes.items():
        data[key] = value
    return data


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def turns(*pairs):
    return tuple(Message(role, content) for role, content in pairs)


ASKED = turns(("user", "Add 1 and 2."), ("assistant", "3"))


def read(path, **changes):
    return read_generation(path, settings(**changes))[0]


def test_a_blank_line_ends_a_passage_and_line_ends_inside_stay(tmp_path):
    path = written(tmp_path, "a.txt", "one\n two \n\n\nthree\n")
    assert [(e.text, e.place) for e in read(path)] == [("one\n two ", f"{path}:1"), ("three", f"{path}:5")]


def test_every_line_or_the_whole_file_is_a_passage_where_asked(tmp_path):
    path = written(tmp_path, "a.txt", "one\ntwo\n\nthree\n")
    assert [e.text for e in read(path, documents="line")] == ["one", "two", "three"]
    assert [e.text for e in read(path, documents="file")] == ["one\ntwo\n\nthree\n"]


def test_lines_with_a_tab_are_prompt_and_answer_as_uer_has_them(tmp_path):
    path = written(tmp_path, "a.txt", "Add 1 and 2.\t3\nb\tc\n")
    first, second = read(path)
    assert first == Chat("1", ASKED, True, f"{path}:1")
    assert second.messages == turns(("user", "b"), ("assistant", "c"))
    assert [e.text for e in read(path, pairs=False)] == ["Add 1 and 2.\t3\nb\tc"]


def test_a_line_without_a_tab_among_pairs_is_named(tmp_path):
    path = written(tmp_path, "a.txt", "a\tb\nc\n")
    with pytest.raises(DataError, match=rf"{path}:2: 'c' has 1 cells, expected a prompt, a tab and an answer"):
        read(path)


@pytest.mark.parametrize(
    "record",
    [
        {"instruction": "Add 1 and 2.", "input": "", "output": "3"},
        {"instruction": "Add", "input": "1 and 2.", "output": "3"},
        {"prompt": "Add 1 and 2.", "completion": "3"},
        {"prompt": "Add 1 and 2.", "chosen": "3", "rejected": "4"},
        {"prompt": "Add 1 and 2.", "selected": "3", "rejected": "4"},
        {"context": "Add 1 and 2.", "target": "3"},
        {"question": "Add 1 and 2.", "answer": "3"},
    ],
)
def test_one_prompt_with_its_answer_needs_no_template(tmp_path, record):
    (example,) = read(written(tmp_path, "a.json", [record]))
    expected = ASKED if record.get("input") in (None, "") else turns(("user", "Add\n1 and 2."), ("assistant", "3"))
    assert example.messages == expected and example.plain


HUMAN, GPT = {"from": "human", "value": "Add 1 and 2."}, {"from": "gpt", "value": "3"}
USER, MODEL = {"role": "user", "content": "Add 1 and 2."}, {"role": "assistant", "content": "3"}
WRONG = {"role": "assistant", "content": "4"}


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [USER, MODEL]},
        {"conversations": [HUMAN, GPT]},
        {"conversations": [HUMAN], "chosen": GPT, "rejected": {"from": "gpt", "value": "4"}},
        {"prompt": "Add 1 and 2.", "chosen": [USER, MODEL], "rejected": [USER, WRONG]},
        {"prompt": "Add 1 and 2.", "chosen": [MODEL], "rejected": [WRONG]},
        {"prompt": [USER], "chosen": [MODEL], "rejected": [WRONG]},
        {"chosen": [USER, MODEL], "rejected": [USER, WRONG]},
        {"prompt": "Add 1 and 2.", "messages": [USER, MODEL], "chosen": [USER, MODEL], "rejected": [USER, WRONG]},
    ],
)
def test_turns_are_read_in_every_layout_and_the_chosen_side_is_the_answer(tmp_path, record):
    (example,) = read(written(tmp_path, "a.jsonl", json.dumps(record)))
    assert example.messages == ASKED and not example.plain


def test_a_system_column_beside_shareGPT_turns_comes_first(tmp_path):
    (example,) = read(written(tmp_path, "a.json", [{"conversations": [HUMAN, GPT], "system": "Be brief."}]))
    assert example.messages == (Message("system", "Be brief."), *ASKED)


def test_records_with_a_text_alone_are_passages(tmp_path):
    (example,) = read(written(tmp_path, "a.jsonl", json.dumps({"text": "Once upon", "url": "x"})))
    assert isinstance(example, Passage) and example.text == "Once upon"


def test_columns_are_taken_by_the_names_that_settings_say(tmp_path):
    path = written(tmp_path, "a.csv", "frage,antwort\nAdd 1 and 2.,3\n")
    with pytest.raises(DataError, match=r"no column for data.prompt"):
        read(path)
    (example,) = read(path, prompt="frage", answer="antwort")
    assert example.messages == ASKED


@pytest.mark.parametrize(
    ("turn_list", "told"),
    [
        ([USER], r"messages: there is no answer: the last turn is the user's"),
        ([MODEL, USER, MODEL], r"messages\[0\]: the role is assistant, where user is expected"),
        ([USER, USER, MODEL], r"messages\[1\]: the role is user, where assistant is expected"),
        ([USER, {"role": "system", "content": "x"}], r"messages\[1\]: the role is system, where assistant"),
        ([USER, {"role": "wizard", "content": "x"}], r"messages\[1\]: the role is 'wizard', expected one of system"),
        ([USER, {"text": "x"}], r"messages\[1\]: has the keys text, expected \{\"role\""),
        ([USER, {"role": "assistant", "content": None}], r"messages\[1\]: the content is 'None', expected text"),
        ([USER, {"role": "assistant", "content": " "}], r"messages\[1\]: the assistant's turn is empty"),
        ("hello", r"messages: is 'hello', expected a list of turns"),
    ],
)
def test_a_chat_that_cannot_be_is_named_with_its_turn(tmp_path, turn_list, told):
    path = written(tmp_path, "a.json", [{"messages": turn_list}, {"messages": [USER, MODEL]}])
    with pytest.raises(DataError, match=r"a\.json: \[0\]: " + told):
        read(path)
    examples, note = read_generation(path, settings(on_bad_row="skip"))
    assert [e.messages for e in examples] == [ASKED] and note.startswith("left out 1: unusable record (1)")


def test_a_prompt_without_an_answer_is_named(tmp_path):
    path = written(tmp_path, "a.jsonl", '{"instruction": "a", "output": "b"}\n{"instruction": "a", "output": ""}\n')
    with pytest.raises(DataError, match=r"a\.jsonl:2: the output is empty; correct the row or set"):
        read(path)


def test_records_of_other_keys_tell_what_is_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"no turns \(messages, .*no column for data.prompt .* and none for data.text"):
        read(written(tmp_path, "a.json", [{"x": 1, "y": 2}]))


def test_a_file_without_text_says_so(tmp_path):
    with pytest.raises(DataError, match="holds no usable example"):
        read(written(tmp_path, "a.txt", "\n\n"))


def test_an_answer_of_more_tokens_than_allowed_is_a_bad_row(tmp_path):
    path = written(tmp_path, "a.json", [{"prompt": "a", "response": "bcd"}, {"prompt": "a", "response": "b"}])
    with pytest.raises(DataError, match=r"\[0\]: an answer has 3 tokens, more than data.max_answer_tokens=2"):
        read_generation(path, settings(max_answer_tokens=2), tokenizer=Letters())
    examples, note = read_generation(path, settings(max_answer_tokens=2, on_bad_row="skip"), tokenizer=Letters())
    assert len(examples) == 1 and "answer longer than allowed (1)" in note


@pytest.mark.parametrize("key", ["text", "prompt", "input", "answer"])
def test_a_column_of_plain_text_is_refused_by_name(tmp_path, key):
    path = written(tmp_path, "a.txt", "one\n")
    with pytest.raises(DataError, match=rf"a\.txt: is read as plain text, .*'body', as data\.{key} says; take it out"):
        read(path, **{key: "body"})
    (asked,), _ = read_generation(path, settings(**{key: "body"}), answered=False)  # a model that learned from a table
    assert asked.text == "one"
