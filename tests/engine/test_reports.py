"""What a run leaves to read about its best evaluation."""

import csv
import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest
from test_listeners import png_size

from tasklab.engine.reports import Reports, write_report
from tasklab.metrics.report import Report, class_report
from tasklab.metrics.wrong import Shown, wrong_row


class Scripted:
    """Stands in for an Evaluator: reports that come one after the other."""

    examples = [SimpleNamespace(id="7", label="a"), SimpleNamespace(id="8")]
    predictions = [[{"label": "b"}], [{"label": "a"}]]

    def __init__(self, *reports):
        self.left = list(reports)

    def report(self):
        return self.left.pop(0)


def report_of(predicted, text="t"):
    shown = [Shown(f"{text}{i}", str(i + 2), str(i), 0.5, {}) for i in range(4)]
    return class_report(list("abab"), list(predicted), ["a", "b"], shown, [])


def wrong_rows(folder):
    with open(folder / "wrong.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_report_of_the_best_evaluation_stays(job, caplog):
    reports = [report_of("aaab", "first"), report_of("abaa", "best"), report_of("bbbb", "last")]
    with caplog.at_level(logging.INFO, "tasklab"):
        loop = job(losses=[], scores=[0.5, 0.75, 0.5], callbacks=[Reports(Scripted(*reports))], train__epochs=3)
        loop.train()
    folder = loop.run.path / "report"
    assert wrong_rows(folder) == [
        {"text": "best3", "line": "5", "id": "3", "truth": "b", "answer": "a", "score": "0.5"}
    ]  # fmt: skip
    assert json.loads((folder / "classes.json").read_text())["classes"]["b"]["recall"] == 0.5
    assert png_size(folder / "confusion.png")[0] > 200
    assert json.loads((folder / "predictions.json").read_text()) == [
        {"id": "7", "label": "a", "answers": [{"label": "b"}]}, {"id": "8", "answers": [{"label": "a"}]},
    ]  # fmt: skip
    said = [r.message for r in caplog.records]
    assert sum(line.startswith("Evaluation precision: ") for line in said) == 3
    assert sum(line.startswith("Each Class Metrics are: ") for line in said) == 2  # for each new best
    assert sum(line.startswith("the model predicts 'b' for each of the 4") for line in said) == 1


def test_every_evaluation_is_judged_on_its_own(job, caplog):
    # the same predictions twice give the same means twice: nothing is carried over
    with caplog.at_level(logging.INFO, "tasklab"):
        reports = Scripted(report_of("aaab"), report_of("abab"), report_of("aaab"))
        job(losses=[], scores=[1, 2, 3], callbacks=[Reports(reports)], train__epochs=3).train()
    first, perfect, again = [r.message for r in caplog.records if r.message.startswith("Evaluation precision")]
    assert first == again != perfect == "Evaluation precision: 1.00000, recall: 1.00000, F1: 1.00000"


def test_line_ends_and_tabs_keep_a_row_in_one_line(tmp_path):
    row = wrong_row(Shown('one\ttwo\r\nthree "four"', "3", "x", None, {"more": 1}), "a", "b")
    write_report(Report(wrong=[row]), tmp_path, "t")
    assert (tmp_path / "wrong.tsv").read_text().splitlines() == [
        "text\tline\tid\ttruth\tanswer\tscore\tmore", 'one two three "four"\t3\tx\ta\tb\t\t1',
    ]  # fmt: skip
    write_report(Report(), tmp_path, "t")  # nothing is wrong any more
    assert not (tmp_path / "wrong.tsv").exists()


def test_parts_of_the_examples_are_kept_and_drawn(tmp_path):
    groups = {"question word": {"who": {"f1": 50.0, "count": 12}, "why": {"f1": 0.0, "count": 2}}}
    write_report(Report(groups=groups), tmp_path, "t", 100.0)
    assert json.loads((tmp_path / "groups.json").read_text()) == groups
    assert png_size(tmp_path / "scores.png")[0] > 500
    write_report(Report(), tmp_path, "t")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["classes.json", "groups.json", "wrong.tsv", "confusion.png", "scores.png"])
def test_a_link_in_a_report_is_replaced_and_what_it_names_stays(name, tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / name).symlink_to(tmp_path / "precious")
    report = replace(report_of("aaab"), groups={"kind": {"x": {"f1": 0.5, "count": 3}}})
    write_report(report, tmp_path / "report", "t")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "report" / name).is_file() and not (tmp_path / "report" / name).is_symlink()
