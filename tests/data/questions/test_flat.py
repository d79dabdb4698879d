"""Questions one per row, in all the layouts in which data set libraries and table programs write them."""

import csv
import json

import pytest

from tasklab.data.files.sample import sample_of
from tasklab.data.questions.flat import USUAL, Names
from tasklab.data.questions.input import qa_examples_from_input
from tasklab.data.questions.reading import Answer, read_squad
from tasklab.errors import DataError, MissingColumns
from tasklab.tools.doctor import questions

CONTEXT = "Ann lives in Berlin and works in Potsdam."
ROWS = [
    {"id": "a", "title": "t", "context": CONTEXT, "question": "Where does Ann live?",
     "answers": {"text": ["Berlin"], "answer_start": [13]}},
    {"id": "b", "title": "t", "context": CONTEXT, "question": "Where does Bob live?",
     "answers": {"text": [], "answer_start": []}},
]  # fmt: skip
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
NUMBERED = {name: {str(i): value for i, value in enumerate(values)} for name, values in COLUMNS.items()}
WRITTEN = {
    "train.jsonl": "\n".join(map(json.dumps, ROWS)), "lines.json": "\n".join(map(json.dumps, ROWS)),
    "list.json": json.dumps(ROWS), "columns.json": json.dumps(COLUMNS), "pandas.json": json.dumps(NUMBERED),
    "below.json": json.dumps({"version": "0.1", "data": ROWS}),
}  # fmt: skip


def check(path):
    check_rows(path)
    assert questions.knows(sample_of(path))


def check_rows(path, names=USUAL):
    examples, bad = read_squad(path, names=names)
    assert [(e.id, e.question, e.context, e.answers, e.is_impossible) for e in examples] == [
        ("a", "Where does Ann live?", CONTEXT, (Answer("Berlin", 13),), False),
        ("b", "Where does Bob live?", CONTEXT, (), True),
    ] and not bad
    assert [e.question for e in qa_examples_from_input(path, names=names)] == [row["question"] for row in ROWS]


@pytest.mark.parametrize("name", WRITTEN)
def test_rows_in_json_are_read_however_they_are_laid_out(tmp_path, name):
    (tmp_path / name).write_text(WRITTEN[name])
    check(tmp_path / name)


SPELLED = [
    json.dumps, str,
    lambda a: f"{{'text': array({a['text']}, dtype=object), 'answer_start': array({a['answer_start']})}}",
    lambda a: "" if not a["text"] else json.dumps([{"text": a["text"][0], "answer_start": 13}]),
]  # fmt: skip


@pytest.mark.parametrize("spelled", SPELLED)
def test_answers_in_a_cell_are_json_or_as_python_prints_them(tmp_path, spelled):
    with open(tmp_path / "t.csv", "w", newline="") as file:
        table = csv.DictWriter(file, ROWS[0])
        table.writeheader()
        table.writerows({**row, "answers": spelled(row["answers"])} for row in ROWS)
    check(tmp_path / "t.csv")


def test_one_answer_may_have_columns_of_its_own(tmp_path):
    lines = [f"a\t{CONTEXT}\tWhere does Ann live?\tBerlin\t13", f"b\t{CONTEXT}\tWhere does Bob live?\t\t"]
    (tmp_path / "t.tsv").write_text("\n".join(["id\tcontext\tquestion\tanswer\tanswer_start", *lines]))
    check(tmp_path / "t.tsv")


def test_an_answer_without_a_place_is_looked_for_and_one_that_stands_twice_is_asked_about(tmp_path):
    lines = [f"a,{CONTEXT},Where does Ann live?,Berlin", f"b,{CONTEXT},Where does Bob live?,"]
    (tmp_path / "t.csv").write_text("\n".join(["id,passage,query,answer", *lines]))
    check_rows(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text(f"context,question,answer\n{CONTEXT},What does she do?,in\n")  # lives in, works in
    with pytest.raises(DataError, match=r"line 2 \(id 0\): the answer 'in' is 3 times in the context; "):
        read_squad(tmp_path / "t.csv")


def test_columns_of_other_names_can_be_named_and_are_guessed_by_what_they_hold(tmp_path):
    lines = [f"a,{CONTEXT},Where does Ann live?,Berlin", f"b,{CONTEXT},Where does Bob live?,"]
    (tmp_path / "t.csv").write_text("\n".join(["id,Text,Frage,Antwort", *lines]))
    names = Names(None, "Frage", "Antwort")  # case aside, text is a usual name
    check_rows(tmp_path / "t.csv", names)
    (tmp_path / "bare.csv").write_text("\n".join(lines))
    check_rows(tmp_path / "bare.csv", Names("c", "q", "a", ("id", "c", "q", "a")))
    (tmp_path / "list.json").write_text(json.dumps([dict(zip(["id", "text", "Frage", "Antwort"], line.split(","),
                                                             strict=True)) for line in lines]))  # fmt: skip
    check_rows(tmp_path / "list.json", Names("text", "Frage", "Antwort"))
    with pytest.raises(MissingColumns) as caught:
        read_squad(tmp_path / "t.csv")
    assert caught.value.settings == ["data.question=Frage", "data.answer=Antwort"]
    told = str(caught.value).split("\n  ")
    assert told[0] == f"{tmp_path / 't.csv'}:1: no column for data.question, known names: question, query"
    assert told[1] == "no column for data.answer, known names: answers, answer_text, answer, text"


def test_a_row_with_too_many_cells_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("context,question,answer\nAnn lives, here,Where?,here\n")
    for read in (read_squad, qa_examples_from_input):
        with pytest.raises(DataError, match="t.csv:2: has 4 cells instead of 3"):
            read(tmp_path / "t.csv")


def test_parquet_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list(ROWS).to_parquet(tmp_path / "t.parquet")
    check(tmp_path / "t.parquet")


def test_articles_may_have_answers_in_columns(tmp_path):
    paragraph = {"context": CONTEXT, "qas": [{k: ROWS[0][k] for k in ("id", "question", "answers")}]}
    (tmp_path / "t.json").write_text(json.dumps({"data": [{"title": "t", "paragraphs": [paragraph]}]}))
    assert read_squad(tmp_path / "t.json")[0][0].answers == (Answer("Berlin", 13),)


@pytest.mark.parametrize("change, told", [
    ({"answers": {"text": ["Potsdam"], "answer_start": [13]}}, "line 1 (id a): answer_start 13 points at 'Berlin '"),
    ({"answers": {"text": ["Berlin"], "answer_start": []}}, "line 1 (id a).answers is an object, expected a list"),
    ({"answers": "Berlin"}, "line 1 (id a).answers is text, expected a list"),
    ({"context": 3}, "line 1.context is a whole number, expected text"),
    ({"question": ""}, "line 1 (id a): question is empty"),
    ({"id": "\ud83d"}, "id holds half of a surrogate pair"),
])  # fmt: skip
def test_a_bad_row_is_named(tmp_path, change, told):
    (tmp_path / "t.jsonl").write_text(json.dumps({**ROWS[0], **change}))
    with pytest.raises(DataError) as error:
        read_squad(tmp_path / "t.jsonl")
    assert told in str(error.value)


def test_columns_of_different_lengths_are_refused(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps({**COLUMNS, "question": ["one"]}))
    with pytest.raises(DataError, match=r"different lengths \(id 2, title 2, context 2, question 1, answers 2\)"):
        read_squad(tmp_path / "t.json")
