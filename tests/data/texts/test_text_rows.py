"""Labelled texts from tables: columns, labels, and every kind of bad row by its place."""

import pytest

from tasklab.data.texts.candidates import CandidateDataConfig
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.label_cells import label_order
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError, MissingColumns

SINGLE, MULTI, NUMBER = "single_label_classification", "multi_label_classification", "regression"
FIX = "correct the line or set data.on_bad_row: skip"


def write(folder, text: str, name="train.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def config(**values) -> TextDataConfig:
    data = TextDataConfig()
    for key, value in values.items():
        data[key] = value
    return data


def read(path, kind=SINGLE, labels=(), training=True, labelled=True, **values):
    return read_text_rows(path, config(**values), kind, labels, training, labelled)


def labels_of(path, *arguments, **values):
    return [example.label for example in read(path, *arguments, **values)[0]]


def message(path, *arguments, **values) -> str:
    with pytest.raises(DataError) as caught:
        read(path, *arguments, **values)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize(
    "header, row",
    [  # UER-py, then the official files of GLUE
        ("label\ttext_a\ttext_b", "1\tA\tB"),
        ("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String", "1\t7\t8\tA\tB"),
        ("id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "0\t1\t2\tA\tB\t1"),
        ("index\tquestion\tsentence\tlabel", "0\tA\tB\t1"),
        ("index\tsentence1\tsentence2\tlabel1\tgold_label", "0\tA\tB\tx\t1"),
        ("index\tgenre\tsentence1\tsentence2\tscore", "0\tg\tA\tB\t1"),
    ],
)
def test_columns_are_found_by_their_usual_names(tmp_path, header, row):
    path = write(tmp_path, f"{header}\n{row}\n")
    assert read(path) == ([TextExample("0", "A", "B", "1", place=f"{path}:2")], "")


def test_a_named_first_text_alone_means_single_texts(tmp_path):
    path = write(tmp_path, "sentence1\tsentence2\tlabel\nA\tB\t1\n")
    assert read(path, text_a="sentence1")[0][0].text_b is None
    assert read(path, text_a="sentence2", text_b="sentence1")[0][0].text_b == "A"


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    path = write(tmp_path, "sentnce\tlabel\nA\t1\n")
    assert message(path, text_a="sentence") == (
        "FILE:1: no column 'sentence' (data.text_a); did you mean data.text_a=sentnce?\n"
        "  the columns are 'sentnce', 'label'\n"
        "  a file without a header line needs data.columns=[...], a name for each column"
    )
    assert message(write(tmp_path, "text\tmark\nA\t1\n")).startswith(
        "FILE:1: no column for data.label, known names: label, labels, gold_label, Quality, "
    )


@pytest.mark.parametrize(
    "line, expected",
    [
        ("\tbad", "'text' is empty"),
        (" \tbad", "'text' is empty"),
        ("A\t", "'label' is '', expected a label"),
        ("A\tbd", "the label 'bd' is none of the model's: good, bad; did you mean 'bad'? " + FIX),
        ("A\tgood\tB", "has 3 cells instead of 2 (text, label), the last is 'B'"),
    ],
)
def test_a_bad_row_is_named_and_can_be_skipped(tmp_path, line, expected):
    path = write(tmp_path, f"text\tlabel\nok\tgood\n{line}\n")
    told = message(path, SINGLE, ["good", "bad"])
    assert told.startswith("FILE:3: " + expected) and told.endswith(FIX)
    examples, note = read(path, SINGLE, ["good", "bad"], on_bad_row="skip")
    assert [e.text_a for e in examples] == ["ok"] and note.startswith("left out 1: ")


def test_a_label_that_is_like_none_of_the_model_s_asks_for_a_name(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\t1\n")
    assert message(path, SINGLE, ["good", "bad"]) == (
        "FILE:2: the label '1' is none of the model's: good, bad; correct the line, say what it is called by "
        "data.label_names={1: ...}, take a new head with a backbone's name and this model as --from, or set "
        "data.on_bad_row: skip"
    )


def test_a_column_that_is_nearly_called_as_usual_is_offered(tmp_path):
    told = message(write(tmp_path, "text\tlable\nA\t1\n"))
    assert "\n  by what they hold: data.label=lable\n" in told


def test_columns_are_offered_only_where_none_would_be_missing_still(tmp_path):
    with pytest.raises(MissingColumns) as caught:  # one column, read as a header: nothing can be the label
        read_text_rows(write(tmp_path, "a cat\na dog runs\n"), TextDataConfig(), SINGLE)
    assert caught.value.settings == [] and "by what they hold" not in str(caught.value)


def test_a_table_without_rows_says_what_is_missing(tmp_path):
    told = message(write(tmp_path, "text\tlabel\n"))
    assert told == "FILE: holds no usable row; there is no line below the one that names the columns"


def test_all_bad_rows_are_reported_at_once(tmp_path):
    told = message(write(tmp_path, "text\tlabel\n\t1\nA\t\nB\t2\n"), SINGLE, ["1"])
    assert "3 problems: " in told and all(f"FILE:{line}: " in told for line in (2, 3, 4))


def test_a_file_of_bad_rows_only_is_no_data(tmp_path):
    path = write(tmp_path, "text\tlabel\n\t1\n")
    assert message(path, on_bad_row="skip").startswith("FILE: holds no usable row; left out 1: empty text (1)")


def test_one_text_with_two_labels_is_told_and_kept(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\t1\nB\t1\nA\t0\n")
    examples, note = read(path)
    assert len(examples) == 3
    assert note == f"1 rows repeat a text with another label, all are kept; first: {path}:4 says '0', :2 '1'"


def test_label_names_translate_what_the_file_says(tmp_path):
    path = write(tmp_path, "text\tlabel\nA\t1\nB\t0\nC\tpositive\n")
    names = {"0": "negative", "1": "positive"}
    assert labels_of(path, label_names=names) == ["positive", "negative", "positive"]
    assert "the label '1' is not in data.label_names (0)" in message(path, label_names={"0": "negative"})


def test_labels_may_be_numbers_or_truth_values_in_json(tmp_path):
    lines = '{"text": "A", "label": 3}\n{"text": 12, "label": true}\n'
    examples, _ = read(write(tmp_path, lines, "train.jsonl"))
    assert [(e.text_a, e.label) for e in examples] == [("A", "3"), ("12", "True")]
    bad = '{"text": null, "label": 1}\n{"label": 1}\n'
    told = message(write(tmp_path, '{"text": "A", "label": 1}\n' + bad, "train.jsonl"))
    assert "'text' is 'None', expected text" in told and "'text' is missing (the row has label)" in told


def test_numbers_are_read_for_regression(tmp_path):
    assert labels_of(write(tmp_path, "text\tscore\nA\t2.5\n"), NUMBER) == [2.5]
    for value in ("high", "nan", "inf", ""):
        told = message(write(tmp_path, f"text\tscore\nA\t{value}\n"), NUMBER)
        assert told == f"FILE:2: 'score' is {value!r}, expected a number; {FIX}"


def test_a_multi_label_cell_holds_any_number_of_names(tmp_path):
    assert labels_of(write(tmp_path, "text\tlabel\nA\t2, 0\nB\t\n"), MULTI) == [("2", "0"), ()]
    lines = '{"text": "A", "labels": ["x", "y"]}\n'
    assert labels_of(write(tmp_path, lines, "t.jsonl"), MULTI) == [("x", "y")]


def test_soft_targets_need_one_number_per_class(tmp_path):
    path = write(tmp_path, "label\tlogits\ttext_a\n1\t-0.5 2\tA\n")
    assert read(path, SINGLE, ["0", "1"], soft_targets=True)[0][0].logits == (-0.5, 2.0)
    assert read(path, SINGLE, ["0", "1"], training=False, soft_targets=True)[0][0].logits == ()
    for logits in ("1 2 3", "1 x", "1 nan", ""):
        path = write(tmp_path, f"label\tlogits\ttext_a\n1\t{logits}\tA\n")
        told = message(path, SINGLE, ["0", "1"], soft_targets=True)
        assert told == f"FILE:2: 'logits' is {logits!r}, expected 2 numbers with blanks between them; {FIX}"
    told = message(write(tmp_path, "label\ttext_a\n1\tA\n"), SINGLE, soft_targets=True)
    assert told.startswith("FILE:1: no column 'logits' (data.soft_targets)")


def test_a_folder_gives_the_file_of_the_split(tmp_path):
    write(tmp_path, "text\tlabel\nA\t1\n", "train_part.tsv")
    write(tmp_path, "text\tlabel\nB\t1\n", "dev_matched.tsv")
    write(tmp_path, "text\tlabel\nC\t1\n", "dev_mismatched.tsv")
    assert read(tmp_path)[0][0].text_a == "A"
    assert read(tmp_path, training=False, eval_file="dev_mismatched.tsv")[0][0].text_a == "C"
    with pytest.raises(DataError, match="dev_matched.tsv, dev_mismatched.tsv all fit dev; give the path"):
        read(tmp_path, training=False)


def test_prediction_reads_no_label(tmp_path):
    assert labels_of(write(tmp_path, "index\tsentence\n0\tA\n"), labelled=False) == [None]


def test_whole_numbers_are_ordered_by_value_and_names_by_the_alphabet():
    assert label_order({"10", "9", "-1"}) == ["-1", "9", "10"]
    assert label_order({"b", "a", "10"}) == ["10", "a", "b"]


def test_the_verdict_does_not_depend_on_the_first_row(tmp_path):
    rows = ['{"text_a": "A", "label": "x"}', '{"text_a": "B", "text_b": "C", "label": "y"}']
    for order in (rows, rows[::-1]):
        told = message(write(tmp_path, "\n".join(order), "t.jsonl"))
        assert "'text_b' is missing (the row has text_a, label), expected text" in told


@pytest.mark.parametrize("row, told", [
    ('{"text": "A", "label": NaN}', "FILE:2: 'label' is 'nan', expected a label"),
    ('{"text": NaN, "label": "a"}', "FILE:2: 'text' is 'nan', expected text"),
    ('{"text": "A", "label": -Infinity}', "FILE:2: 'label' is no finite number"),
    ('{"text": Infinity, "label": "a"}', "FILE:2: 'text' is 'inf', expected text"),
    ('{"text": "A", "label": "g\\ud83d"}', "FILE:2: 'label' holds half of a surrogate pair: 'g\\ud83d'"),
    ('{"text": "A", "label": "a", "qid": "\\ud83d"}', "FILE:2: 'qid' holds half of a surrogate pair"),
])  # fmt: skip
def test_what_is_no_value_is_a_bad_row(tmp_path, row, told):
    assert message(write(tmp_path, '{"text": "B", "label": "b", "qid": "1"}\n' + row, "t.jsonl")).startswith(told)


@pytest.mark.parametrize("value", ["NaN", "null"])
def test_a_set_of_labels_holds_labels_only(tmp_path, value):
    rows = f'{{"text": "A", "label": ["a", {value}]}}\n{{"text": "B", "label": ["b", " "]}}\n'
    path = write(tmp_path, rows, "t.jsonl")
    assert message(path, MULTI).startswith("FILE:1: 'label' is 'N" if value == "null" else "FILE:1: 'label' is 'n")
    assert labels_of(path, MULTI, on_bad_row="skip") == [("b",)]


def test_a_value_that_is_not_used_may_be_anything(tmp_path):
    path = write(tmp_path, '{"text": "B", "label": 1, "weight": NaN}\n{"text": "A", "label": 2}', "t.jsonl")
    assert labels_of(path) == ["1", "2"]


def test_a_long_label_does_not_fill_the_message(tmp_path):
    assert len(message(write(tmp_path, "text\tlabel\nA\t" + "word " * 20_000 + "\n"), labels=["a"])) < 400


def test_the_log_says_what_the_columns_are_taken_for(tmp_path, caplog):
    path = write(tmp_path, "qid\ttitle\tquestion\tanswer\tlabel\n1\tT\tA\tB\t1\n")
    with caplog.at_level("INFO", "tasklab"):
        read(path)
    told = "columns: text_a is question, text_b is answer, label is label, group is qid; unused: title"
    assert f"{path}: {told}" in caplog.text


def test_nearly_as_many_classes_as_rows_are_questioned(tmp_path):
    rows = "".join(f"text {i}\t{i}\n" for i in range(80))
    assert "holds 80 different numbers in 80 rows" in read(write(tmp_path, "text\ttarget\n" + rows))[1]
    assert read(write(tmp_path, "text\ttarget\n" + rows), label="target")[1] == ""
    assert read(write(tmp_path, "text\ttarget\n" + rows), kind=NUMBER)[1] == ""


def test_columns_without_a_usual_name_are_guessed_by_what_they_hold(tmp_path):
    rows = "".join(f"T-{i},2026-01-{i + 10},a message of some length {i},{'xy'[i % 2]}\n" for i in range(9))
    path = write(tmp_path, "ticket,created,message,queue\n" + rows, "t.csv")
    with pytest.raises(MissingColumns) as caught:
        read_text_rows(path, TextDataConfig(), SINGLE)
    assert caught.value.settings == ["data.text_a=message", "data.label=queue"]
    told = str(caught.value).split("\n  ")
    assert told[0].startswith(f"{path}:1: no column for data.text_a, known names: text_a, sentence1, ")
    assert "text, sentence" in told[0] and told[1].startswith("no column for data.label, known names: label, ")
    assert told[2] == "the columns are 'ticket', 'created', 'message', 'queue'"
    assert told[3] == "by what they hold: data.text_a=message data.label=queue (id ticket, unused created)"
    assert "by what they hold: data.label=queue (id ticket, unused created)" in message(path, text_a="message")
    assert "known names: text_a" not in message(path, text_a="message")


def test_a_question_that_comes_again_is_not_taken_for_the_label(tmp_path):
    rows = "".join(f"Who is number {i // 3}?\tIt is candidate {i}\t{int(i % 3 == 0)}\n" for i in range(12))
    path = write(tmp_path, "asked\toffered\tright\n" + rows)
    with pytest.raises(MissingColumns) as caught:
        read_text_rows(path, CandidateDataConfig(), SINGLE)
    assert caught.value.settings == ["data.text_a=asked", "data.text_b=offered", "data.label=right"]


def test_the_columns_are_told_once(tmp_path, caplog):
    path = write(tmp_path, "text\tlabel\nA\tB\n")
    with caplog.at_level("INFO", "tasklab"):
        read(path), read(path)
    assert caplog.text.count("text_a is text") == 1


def test_rows_are_called_by_their_id(tmp_path):
    path = write(tmp_path, "ID\tticket\ttext\tlabel\n7\tT-1\tA\t1\n\tT-2\tB\t0\n")  # no id: the number of the row
    assert [e.id for e in read(path)[0]] == ["7", "1"]
    assert [e.id for e in read(path, id="ticket")[0]] == ["T-1", "T-2"]
    items = [{"text": "A", "id": 7}, "B"]
    assert [e.id for e in text_examples_from_input(items, TextDataConfig(), SINGLE)] == ["7", "1"]
