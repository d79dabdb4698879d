"""Classes of texts as Label Studio and Prodigy export them: what stands in the row of a table."""

import json

import pytest

from tasklab.data.files.exports import plain_row, writer_of
from tasklab.data.files.sample import sample_of
from tasklab.data.texts.reading import read_text_rows
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError
from tasklab.tools.doctor import texts
from tasklab.tools.doctor.data import KINDS


def choice(*names, called="sentiment"):
    return {"type": "choices", "value": {"choices": list(names)}, "from_name": called, "to_name": "text"}


def task(*annotations, **more):
    return {"id": 7, "data": {"text": "a film"}, "annotations": list(annotations), **more}


def test_a_task_is_its_data_and_the_choice_that_counts():
    early, late = {"result": [choice("bad")], "updated_at": "1"}, {"result": [choice("good")], "updated_at": "2"}
    row = {"id": 7, "text": "a film"}
    assert plain_row(task(late, early)) == row | {"label": "good"}
    assert plain_row(task(late, early | {"ground_truth": True})) == row | {"label": "bad"}
    assert plain_row(task({"result": [choice("a", "b")]})) == row | {"label": ["a", "b"]}
    assert plain_row(task({"result": [choice("a"), choice("b", called="topic")]})) == row | {
        "sentiment": "a",
        "topic": "b",
    }
    for nothing in ((), (late | {"was_cancelled": True},), ({"result": 3},), ({"result": [3, {"value": 3}]},), (3,)):
        assert plain_row(task(*nothing)) == row


def test_of_prodigy_s_options_the_accepted_one_is_the_label():
    item = {"text": "a film", "options": [{"id": "good"}, {"id": "bad"}], "accept": ["good"], "answer": "accept"}
    assert plain_row(item) == {"text": "a film", "label": "good"}
    assert plain_row(item | {"accept": []})["label"] == []
    assert "label" not in plain_row(item | {"answer": "ignore"})


def test_of_prodigy_s_yes_and_no_the_label_counts_where_it_was_accepted_and_the_answer_is_no_text():
    item = {"text": "a film", "_task_hash": 7, "label": "good", "answer": "accept"}
    assert plain_row(item) == {"text": "a film", "_task_hash": 7, "label": "good"}
    assert plain_row(item | {"answer": "reject"}) == {"text": "a film", "_task_hash": 7}
    asked = {"qid": 1, "question": "who?", "answer": "accept"}  # somebody's own table
    assert plain_row(asked) is asked


@pytest.mark.parametrize(
    "item", [{"data": [1], "annotations": []}, {"data": {}}, {"options": ["a"], "answer": 0}, [1], 3]
)
def test_other_objects_stay_as_they_are(item):
    assert writer_of(item) == "" and plain_row(item) is item


DOCCANO = [{"id": i, "text": f"a film {i}", "label": [name]} for i, name in enumerate(("good", "bad"))]
LABEL_STUDIO = [task({"result": [choice(name)]}) for name in ("good", "bad")]
PRODIGY = [{"text": "a", "options": [], "accept": [name], "answer": "accept"} for name in ("good", "bad")]


@pytest.mark.parametrize("items, writer", [(DOCCANO, ""), (LABEL_STUDIO, "Label Studio"), (PRODIGY, "Prodigy")])
def test_exported_classes_are_read_as_text_classification(items, writer, tmp_path, caplog):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(items))
    with caplog.at_level("INFO", "tasklab"):
        examples, note = read_text_rows(path, TextDataConfig(), "single_label_classification")
    assert [e.label for e in examples] == ["good", "bad"]
    assert (f"as {writer} writes them" in caplog.text) == bool(writer)
    assert next(kind for kind in KINDS if kind.knows(sample_of(path))) is texts
    unlabelled, _ = read_text_rows(path, TextDataConfig(), "single_label_classification", labelled=False)
    assert [e.text_a for e in unlabelled] == [e.text_a for e in examples]


def test_marked_spans_given_as_classes_are_told_where_they_belong(tmp_path):
    region = {"type": "labels", "value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}
    task = {"id": 1, "data": {"text": "Anna sings"}, "annotations": [{"result": [region]}]}
    (tmp_path / "spans.json").write_text(json.dumps([task]), encoding="utf-8")
    with pytest.raises(DataError, match="Label Studio wrote them: .*marked spans are for token_classification and inf"):
        read_text_rows(tmp_path / "spans.json", TextDataConfig(), "single_label_classification")
