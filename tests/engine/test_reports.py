"""What a run leaves to read about its best evaluation."""

import csv
import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
from test_listeners import png_size

from tasklab.engine.confusion_picture import draw_confusion
from tasklab.engine.reports import Reports, write_report
from tasklab.metrics.report import Report, class_report


class Scripted:
    """Stands in for an Evaluator: reports that come one after the other."""

    examples = [SimpleNamespace(id="7", label="a"), SimpleNamespace(id="8")]
    predictions = [[{"label": "b"}], [{"label": "a"}]]

    def __init__(self, *reports):
        self.left = list(reports)

    def report(self):
        return self.left.pop(0)


def report_of(predicted, text="t"):
    return class_report(list("abab"), list(predicted), ["a", "b"], [{"text": f"{text}{i}"} for i in range(4)], [])


def wrong_rows(folder):
    with open(folder / "wrong.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_report_of_the_best_evaluation_stays(job, caplog):
    reports = [report_of("aaab", "first"), report_of("abaa", "best"), report_of("bbbb", "last")]
    with caplog.at_level(logging.INFO, "tasklab"):
        loop = job(losses=[], scores=[0.5, 0.75, 0.5], callbacks=[Reports(Scripted(*reports))], train__epochs=3)
        loop.train()
    folder = loop.run.path / "report"
    assert wrong_rows(folder) == [{"label": "b", "predicted": "a", "text": "best3"}]
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
    row = {"label": "a", "predicted": "b", "text": 'one\ttwo\r\nthree "four"'}
    write_report(Report(wrong=[row]), tmp_path, "t")
    assert (tmp_path / "wrong.tsv").read_text().splitlines() == ["label\tpredicted\ttext", 'a\tb\tone two three "four"']
    write_report(Report(), tmp_path, "t")  # nothing is wrong any more
    assert not (tmp_path / "wrong.tsv").exists()


@pytest.mark.parametrize("count", [2, 40, 100])
def test_a_picture_of_any_number_of_classes_has_a_bearable_size(tmp_path, count):
    matrix = np.random.default_rng(0).integers(0, 50, (count, count))
    draw_confusion(matrix, [f"class number {i}" for i in range(count)], tmp_path / "c.png", "title")
    width, height = png_size(tmp_path / "c.png")
    assert 200 < width < 2500 and 200 < height < 2500


def test_a_name_that_no_font_can_draw_becomes_a_number(tmp_path, recwarn):
    draw_confusion(np.eye(2, dtype=int), ["电脑", "plain"], tmp_path / "c.png", "title")
    assert not [w for w in recwarn if "missing from font" in str(w.message)]
