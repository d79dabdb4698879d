"""Predictions as files."""

import json

import pytest

from tasklab.data.files.answers import AnswerFile, write_answers
from tasklab.errors import DataError


def test_tsv_has_the_columns_of_uer(tmp_path):
    answers = [{"label": "a", "logits": [0.5, -1.0], "prob": [0.75, 0.25]}, {"label": "b\tc", "logits": [0.0, 2.0]}]
    write_answers(tmp_path / "a.tsv", answers)
    assert (tmp_path / "a.tsv").read_text() == "label\tlogits\tprob\na\t0.5 -1.0\t0.75 0.25\nb c\t0.0 2.0\t\n"


def test_a_set_of_classes_is_joined_with_commas(tmp_path):
    write_answers(tmp_path / "a.tsv", [{"label": ["x", "y"], "scores": {"x": 0.5}}, {"label": [], "scores": {}}])
    assert (tmp_path / "a.tsv").read_text() == 'label\tscores\nx,y\t{"x": 0.5}\n\t{}\n'


def test_json_and_json_lines_keep_everything(tmp_path):
    answers = [[{"label": "好"}], [{"label": "b"}]]
    for name in ("a.json", "a.jsonl"):
        write_answers(tmp_path / name, answers)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == answers
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == '[{"label": "好"}]\n[{"label": "b"}]\n'


def test_what_does_not_fit_the_format_is_refused(tmp_path):
    with pytest.raises(DataError, match="answers are written as .txt, .tsv, .csv, .parquet, .json, .jsonl"):
        write_answers(tmp_path / "a.xlsx", [])


def test_answers_for_several_data_sets_stand_in_uer_s_columns(tmp_path):
    # inference/run_classifier_mt_infer.py joins the data sets with | and the numbers of each with blanks
    answers = [{"a": {"label": "1", "prob": [0.25, 0.75]}, "b": {"label": "x", "prob": [0.5, 0.5]}}]
    write_answers(tmp_path / "a.tsv", answers)
    assert (tmp_path / "a.tsv").read_text() == "label\tprob\n1|x\t0.25 0.75|0.5 0.5\n"


@pytest.mark.parametrize(
    "name, layout, several, said",
    [
        ("a.doc", "answers", False, "a.doc: answers are written as .tsv, .csv, .parquet, .json, .jsonl; give the"),
        ("a.txt", "answers", False, "a.txt: answers are written as .tsv, .csv, .parquet, .json, .jsonl; give"),
        ("a.npy", "answers", False, "a.npy: answers are written as"),
        ("a.tsv", "answers", True, "a TSV has one answer per line; ask for one per input, or write .csv or .json"),
        ("a.tsv", "spans", False, "a.tsv: answers are written as .csv, .*; for a .tsv .* data.output_tags=true"),
        ("-", "by_id", False, "-: answers are written as .json; give"),
        ("a", "answers", False, "a: answers are written as"),
        ("a.jsonl", "by_id", False, "a.jsonl: answers are written as .json; give"),
        ("here.json", "answers", False, "here.json: is a folder; name a file in it"),
        ("file/a.json", "answers", False, "file/a.json: cannot be written .*; choose another place"),
    ],
)
def test_what_cannot_hold_answers_is_refused_before_there_are_any(name, layout, several, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.json").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=said):
        AnswerFile(name, layout, several)


def test_folders_are_made_and_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    AnswerFile("~/new/folder/a.json").write(iter([[{"label": "a"}], [{"label": "b"}]]))
    assert json.loads((tmp_path / "new/folder/a.json").read_text()) == [{"label": "a"}, {"label": "b"}]
    assert [path.name for path in (tmp_path / "new/folder").iterdir()] == ["a.json"]


def test_the_scorers_file_is_one_object(tmp_path):
    answers = [{"id": "q1", "text": "柏林", "score": 0.5}, {"id": "q2", "text": ""}]
    AnswerFile(tmp_path / "p.json", "by_id").write([answers])
    assert json.loads((tmp_path / "p.json").read_text(encoding="utf-8")) == {"q1": "柏林", "q2": ""}
