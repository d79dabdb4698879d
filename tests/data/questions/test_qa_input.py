"""Every form of input that predict takes."""

import json

import pytest

from tasklab.data.questions.input import qa_examples_from_input, refuse_equal_ids
from tasklab.errors import DataError


def pairs(input_data):
    return [(e.context, e.question) for e in qa_examples_from_input(input_data)]


ONE = [("I live in Berlin.", "Where?")]


@pytest.mark.parametrize(
    "input_data",
    [
        "I live in Berlin. - Where?",
        ["I live in Berlin. - Where?"],
        {"context": "I live in Berlin.", "question": "Where?"},
        {"passage": "I live in Berlin.", "query": "Where?"},
        [{"question": "Where?", "context": "I live in Berlin."}],
        ("I live in Berlin.", "Where?"),
        [("I live in Berlin.", "Where?")],
        [["I live in Berlin.", "Where?"]],
        {"context": ["I live in Berlin."], "question": ["Where?"]},
        {"data": [{"paragraphs": [{"context": "I live in Berlin.", "qas": [{"id": 1, "question": "Where?"}]}]}]},
    ],
)
def test_all_forms_of_one_question_are_equal(input_data):
    assert pairs(input_data) == ONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A well-known - old - city - What is it?", ("A well-known - old - city", "What is it?")),
        ("A - B - ", ("A", "B -")),  # behind the last one is nothing
        ("  A  - B?  ", ("  A ", "B?")),  # the context is never changed
        ("A\n - B", ("A\n", "B")),
    ],
)
def test_a_string_is_split_at_its_last_dash_with_something_behind(text, expected):
    assert pairs(text) == [expected]


def test_two_strings_in_a_list_are_two_inputs():
    assert pairs(["A - B", "C - D"]) == [("A", "B"), ("C", "D")]


def test_ids_are_positions_unless_given():
    examples = qa_examples_from_input([{"id": 7, "context": "A", "question": "B"}, "A - B"])
    assert [e.id for e in examples] == ["7", "1"]
    assert [e.place for e in examples] == ["input[0]", "input[1]"]


def test_files_of_all_kinds(tmp_path):
    files = {
        "squad.json": json.dumps(
            {"data": [{"paragraphs": [{"context": "I live in Berlin.", "qas": [{"id": 1, "question": "Where?"}]}]}]}
        ),
        "list.json": json.dumps([{"context": "I live in Berlin.", "question": "Where?"}]),
        "rows.jsonl": '{"context": "I live in Berlin.", "question": "Where?"}\r\n\n',
        "rows.txt": "\ufeffI live in Berlin. - Where?\n\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        assert pairs(tmp_path / name) == pairs(str(tmp_path / name)) == ONE


@pytest.mark.parametrize(
    ("input_data", "expected"),
    [
        (["A - B", "no question"], 'input[1]: no " - " between context and question in \'no question\'; expected'),
        (" - B", "input[0]: the context is empty"),
        ({"context": "A"}, "input[0]: lacks 'question'; it has the keys context"),
        ({"context": "A", "question": 3}, "input[0]: 'question' is int, expected text"),
        ([("A", " ")], "input[0]: the question is empty"),
        ([3], "input[0]: is int; expected"),
        (3, "input is int; expected"),
        ({"context": ["A", "B"], "question": ["C"]}, "input has 2 contexts but 1 questions"),
        ("nothere.json", "nothere.json: no such file"),
        (["A - B", ("A", "B", "C")], "input[1]: is tuple; expected"),
    ],
)
def test_what_cannot_be_used_names_its_position(input_data, expected):
    with pytest.raises(DataError) as caught:
        qa_examples_from_input(input_data)
    assert expected in str(caught.value)


def test_a_bad_line_of_a_file_is_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"context": "A", "question": "B"}\n{"context"\n')
    with pytest.raises(DataError, match=r"rows.jsonl:2: not JSON at line 1, column 11"):
        qa_examples_from_input(path)
    path.write_text('{"context": "A", "question": "B"}\n{"context": "A"}\n')
    with pytest.raises(DataError, match=r"rows.jsonl:2: lacks 'question'"):
        qa_examples_from_input(path)


def test_questions_with_one_id_are_refused_where_a_file_of_ids_is_asked_for():
    asked = [{"id": "q", "context": "a", "question": "b"}, {"id": "q", "context": "c", "question": "d"}]
    with pytest.raises(DataError, match=r"input\[1\]: its id 'q' is that of input\[0\] too; give each"):
        refuse_equal_ids(qa_examples_from_input(asked))
