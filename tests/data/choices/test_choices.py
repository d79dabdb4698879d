"""Questions with choices from C3's, DREAM's, RACE's, SWAG's and plain files, and everything that can be wrong there."""

import json
from pathlib import Path

import pytest

from tasklab.config import Config
from tasklab.data.choices.checks import number_of
from tasklab.data.choices.input import choice_examples_from_input
from tasklab.data.choices.reading import ChoiceDataConfig, read_choices
from tasklab.errors import DataError, MissingColumns

SHARED = Path(__file__).parents[4] / "shared/data"
ANN = {"question": "Where is Ann?", "choice": ["At home.", "In Rome."], "answer": "In Rome."}
LINES = ["M: Is Ann at home?", "W: No, in Rome."]


@pytest.fixture
def data():
    return Config.create(ChoiceDataConfig, task="multiple_choice", name="toy").data


def write(path: Path, content) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def documents(*questions, context=tuple(LINES), name="14-349"):
    return [[list(context), list(questions), name]]


def only(path, data):
    (example,), _ = read_choices(path, data)
    return example


def test_the_official_layout_joins_the_lines_of_a_dialogue(tmp_path, data):
    named = {**ANN, "id": 7, "choice": ["Here.", "There.", "At sea."], "answer": "Here."}
    path = write(tmp_path / "dev.json", documents(ANN, named))
    first, second = read_choices(path, data)[0]
    assert first.context == "M: Is Ann at home?\nW: No, in Rome." and first.question == "Where is Ann?"
    assert (first.id, first.choices, first.label) == ("14-349-0", ("At home.", "In Rome."), 1)
    assert first.place == f"{path}: [0][1][0]"
    assert (second.id, len(second.choices), second.label) == ("7", 3, 0)


def test_c3_is_read_from_both_of_its_files(tmp_path, data):
    write(tmp_path / "c3-d-train.json", documents(ANN, name="d"))
    write(tmp_path / "c3-m-train.json", documents(ANN, name="m"))
    write(tmp_path / "c3-m-dev.json", documents(ANN, name="dev"))
    assert [e.id for e in read_choices(tmp_path, data)[0]] == ["d-0", "m-0"]
    assert [e.id for e in read_choices(tmp_path, data, training=False)[0]] == ["dev-0"]


@pytest.mark.parametrize(
    "name, text, context, question",
    [
        ("a.jsonl", '{"article": "No, in Rome.", "question": "Where?", "options": ["x", "y", "z"], "answer": "C"}',
         "No, in Rome.", "Where?"),  # RACE, one question a line
        ("a.csv", "sent1,sent2,ending0,ending1,ending2,label\nShe stands.,Then she,x,y,z,2\n",
         "She stands.", "Then she"),  # SWAG
        ("a.json", '[{"ctx": "She stands.", "endings": ["x", "y", "z"], "label": 2}]', "She stands.", ""),  # HellaSwag
        ("a.tsv", "question\tA\tB\tC\tD\tanswer\nWhere?\tx\ty\tz\t\tz\n", "", "Where?"),  # a cell left empty
        ("a.jsonl", '{"context": ["M: a", "W: b"], "question": "Where?", "choices": ["x", "y", "z"], "label": 2}',
         "M: a\nW: b", "Where?"),
        ("a.jsonl", '{"premise": "It rained.", "question": "cause", "choice1": "x", "choice2": "z", "label": 1}',
         "It rained.", "cause"),  # COPA
    ],
)  # fmt: skip
def test_usual_layouts_are_known_by_their_names(tmp_path, data, name, text, context, question):
    example = only(write(tmp_path / name, text), data)
    assert (example.context, example.question) == (context, question)
    assert example.choices[example.label] == "z" and example.choices[0] == "x"


def test_a_table_of_datasets_may_hold_the_choices_as_a_list(tmp_path, data):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    row = {"article": "No, in Rome.", "question": "Where?", "options": ["x", "y", "z"], "answer": "C"}
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "train.parquet")
    example = only(tmp_path, data)
    assert example.choices == ("x", "y", "z") and example.label == 2


def test_race_asks_several_questions_about_one_article(tmp_path, data):
    row = {"id": "high1", "article": "No, in Rome.", "questions": ["Where?", "Who?"],
           "options": [["x", "y"], ["u", "v", "w"]], "answers": ["B", "A"]}  # fmt: skip
    path = write(tmp_path / "train.jsonl", row)
    first, second = read_choices(path, data)[0]
    assert (first.id, first.question, first.choices, first.label) == ("high1-0", "Where?", ("x", "y"), 1)
    assert (second.context, second.label, second.place) == ("No, in Rome.", 0, f"{path}:1: questions[1]")
    write(path, row | {"answers": ["B"]})
    with pytest.raises(DataError, match=":1: questions, options and answers must be lists of one length; correct"):
        read_choices(path, data)


def test_columns_can_be_named(tmp_path, data):
    path = write(tmp_path / "a.tsv", "Rome is old.\tred\tgreen\tWhich?\t1\n")
    data.columns, data.context, data.question = ["story", "one", "two", "asked", "right"], "story", "asked"
    data.choices, data.answer = ["two", "one"], "right"
    assert only(path, data).choices == ("green", "red") and only(path, data).label == 1
    data.answer = "rigth"
    with pytest.raises(DataError, match=r"a.tsv: no column 'rigth' \(data.answer\); the columns are 'story', 'one'"):
        read_choices(path, data)
    data.columns, data.choices, data.answer = [], [], None
    with pytest.raises(DataError, match="no column 'story'"):
        read_choices(path, data)


@pytest.mark.parametrize(
    "answer, number",
    [("two", 1), (" two ", 1), ("B", 1), ("b", 1), ("1", 1), (1, 1), ("10", 2), (2, 2), ("D", None), (3, None),
     (-1, None), (True, None), ("", None), (None, None), ("tow", None), ([1], None)],
)  # fmt: skip
def test_an_answer_is_a_text_else_a_letter_else_a_number(answer, number):
    assert number_of(answer, ("one", "two", "10")) == number


@pytest.mark.parametrize(
    "question, told",
    [
        (ANN | {"answer": "In Rom."}, "the answer 'In Rom.' is none of the choices (did you mean 'In Rome.'?); "
         "expected the text of one of them, a letter A to B, or a number 0 to 1"),
        (ANN | {"choice": ["In Rome."]}, "there is one choice, but at least two are needed"),
        (ANN | {"choice": []}, "there is no choice, but at least two are needed"),
        (ANN | {"choice": "In Rome."}, "the choices are 'In Rome.', expected a list of texts"),
        (ANN | {"choice": ["In Rome.", " "]}, "the choice 1 is empty"),
        (ANN | {"choice": ["In Rome.", {}]}, "the choice 1 is '{}', expected text"),
        (ANN | {"question": " "}, "the question is empty"),
        (ANN | {"question": "\ud800"}, "the question holds half of a surrogate pair"),
        ({"question": "Where?", "choice": ["a", "b"]}, "there is no answer; expected the text of one of them"),
        ({"question": "Where?"}, "lacks 'choice'; it is"),
        ("Where?", "lacks 'question'; it is 'Where?'"),
    ],
)  # fmt: skip
def test_a_bad_question_is_named_by_its_path(tmp_path, data, question, told):
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(documents(ANN, question)))
    with pytest.raises(DataError) as caught:
        read_choices(path, data)
    said = str(caught.value)
    assert said.startswith(f"{path}: [0][1][1]") and told in said
    assert said.endswith("correct the row or set data.on_bad_row: skip")
    data.on_bad_row = "skip"
    examples, note = read_choices(path, data)
    assert len(examples) == 1 and note.startswith("left out 1: ")


def test_an_empty_context_and_a_strange_document_are_named(tmp_path, data):
    path = write(tmp_path / "dev.json", [*documents(ANN), *documents(ANN, context=[]), ["a line", ANN], "text"])
    with pytest.raises(DataError) as caught:
        read_choices(path, data)
    said = str(caught.value).split("\n  ")
    assert said[0] == f"{path}: 3 problems: layout (2), empty context (1)"
    assert said[1].startswith(f"{path}: [1][1][0]: the context is empty; ")
    assert said[2].startswith(f"{path}: [2]: is ") and said[3].startswith(f"{path}: [3]: is 'text', expected [[")


def test_a_quiz_in_other_words_is_guessed_by_what_it_holds(tmp_path, data):
    rows = "".join(f"{i},Where does number {i} live?,Rome {i},Oslo {i},{'AB'[i % 2]}\n" for i in range(6))
    with pytest.raises(MissingColumns) as caught:
        read_choices(write(tmp_path / "a.csv", "Nr,Frage,Antwort 1,Antwort 2,richtig\n" + rows), data)
    assert caught.value.settings == ["data.choices=[Antwort 1,Antwort 2]", "data.answer=richtig", "data.question=Frage"]
    assert "(id Nr)" in str(caught.value)


def test_a_table_of_a_thousand_numbered_columns_is_no_quiz_and_the_message_stays_short(tmp_path, data):
    names = ",".join(map(str, range(1000)))
    with pytest.raises(MissingColumns) as caught:
        read_choices(write(tmp_path / "a.csv", f"{names}\n{names}\n"), data)
    assert len(str(caught.value)) < 1000 and not any("choices" in setting for setting in caught.value.settings)


def test_files_without_questions_or_choices_say_so(tmp_path, data):
    with pytest.raises(DataError, match="a.tsv:1: no column for data.choices, known names: choice0 and"):
        read_choices(write(tmp_path / "a.tsv", "question\tanswer\nWhere?\tRome\n"), data)
    with pytest.raises(DataError, match="no column for data.context or data.question, known names: context, article"):
        read_choices(write(tmp_path / "a.tsv", "A\tB\nx\ty\n"), data)
    data.on_bad_row = "skip"
    with pytest.raises(DataError, match="holds no usable question; left out 1: too few choices"):
        read_choices(write(tmp_path / "a.json", documents(ANN | {"choice": []})), data)


def test_equal_choices_are_told_and_kept(tmp_path, data):
    row = ANN | {"choice": ["Ten.", "In Rome.", "Ten."], "answer": "Ten."}
    path = write(tmp_path / "dev.json", documents(row))
    (example,), note = read_choices(path, data)
    assert example.label == 0 and len(example.choices) == 3
    assert note == f"1 questions list a choice twice, all are kept; first: {path}: [0][1][0]: 'Ten.'"


def test_predict_takes_objects_their_json_and_files(tmp_path, data):
    asked = {"context": LINES, "question": "Where?", "choices": ["a", "b"], "answer": "not looked at"}
    for given in (asked, json.dumps(asked), [asked]):
        (example,) = choice_examples_from_input(given, data)
        assert (example.context, example.choices, example.label) == ("\n".join(LINES), ("a", "b"), None)
    path = write(tmp_path / "test.json", documents({"question": "Where?", "choice": ["a", "b"], "id": 3}))
    assert [e.id for e in choice_examples_from_input(str(path), data)] == ["3"]
    for given, told in (
        ("Where?", r"input\[0\]: is 'Where\?'; expected \{"),
        ([asked, {"question": "Where?", "choises": ["a", "b"]}], r"input\[1\]: has a key 'choises'; expected"),
        ({"choices": ["a", "b"]}, r"input\[0\]: has the keys choices; expected"),
        (asked | {"choices": ["a"]}, r"input\[0\]: there is one choice, but at least two are needed; expected \{"),
        (3, "input is int; expected"), ("{", r"input\[0\]: not JSON at line 1"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=told):
            choice_examples_from_input(given, data)


@pytest.mark.skipif(not SHARED.exists(), reason="the real files are not here")
@pytest.mark.parametrize(
    "name, questions, choices",
    [("c3/c3-d-dev.json", 1825, {4: 1512, 3: 313}), ("c3/c3-m-dev.json", 1991, {4: 1669, 3: 152, 2: 170}),
     ("dream/dev.json", 2040, {3: 2040})],
)  # fmt: skip
def test_real_files_hold_what_their_description_says(data, name, questions, choices):
    examples, _ = read_choices(SHARED / name, data)
    counts = [len(e.choices) for e in examples]
    assert len(examples) == questions and {n: counts.count(n) for n in set(counts)} == choices


def test_a_number_that_is_the_text_of_a_choice_is_that_choice(tmp_path, data):
    # 1 + 1 = 2, which stands at place 1
    rows = [{"question": "1 + 1 = ?", "choices": [1, 2, 3], "answer": answer} for answer in (2, "2", 2.0)]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert [e.label for e in read_choices(path, data)[0]] == [1, 1, 1]


def test_answers_that_seem_to_count_from_1_are_told(tmp_path, data):
    def note(*answers):
        rows = [{"question": f"q{i}", "choices": ["a", "b", "c", "d"], "answer": n} for i, n in enumerate(answers)]
        return read_choices(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows))), data)[1]

    assert "all 3 answers that are numbers lie between 1 and the number of choices" in note(1, 3, "2")
    assert note(1, 3, 0) == "" and note("A", "B") == ""
    with pytest.raises(DataError, match="numbers count from 0"):
        note(1, 4)


def test_columns_of_choices_are_ordered_by_their_own_number(tmp_path, data):
    first, second = {"question": "Where?", "A": "x", "C": "z", "answer": "C"}, {"question": "q", "A": "x", "B": "y"}
    for rows in ([first, {**second, "answer": "B"}], [{**second, "answer": "B"}, first]):
        path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
        found = {e.question: e.choices for e in read_choices(path, data)[0]}
        assert found == {"Where?": ("x", "z"), "q": ("x", "y")}
