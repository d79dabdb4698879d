"""Predictions as files."""

import json

import pytest

from tasklab.data.files.answers import write_answers
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
    with pytest.raises(DataError, match="a TSV has one answer per line; ask for one per input, or write .json"):
        write_answers(tmp_path / "a.tsv", [[{"label": "a"}]])
    with pytest.raises(DataError, match="answers are written as .tsv, .json, .jsonl"):
        write_answers(tmp_path / "a.xlsx", [])
