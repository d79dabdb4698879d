"""Reports as files for reading: scores of classes and of other parts, pictures of both, and the wrong answers."""

import csv
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from tasklab.engine.curves import run_title
from tasklab.engine.evaluate import Evaluator
from tasklab.engine.hooks import Callback
from tasklab.metrics.confusion import accuracy, macro_f1
from tasklab.metrics.report import Report
from tasklab.pictures.bars import bars_figure
from tasklab.pictures.canvas import save
from tasklab.pictures.confusion import confusion_figure
from tasklab.replacing import replace_text, replacing
from tasklab.runs.history import PREDICTIONS_FILE, REPORT_FOLDER

logger = logging.getLogger("tasklab")

CLASSES_FILE, GROUPS_FILE, WRONG_FILE = "classes.json", "groups.json", "wrong.tsv"
CONFUSION_FILE, SCORES_FILE = "confusion.png", "scores.png"


class Reports(Callback):
    """Says more about every evaluation, and keeps the report of the best one in <run>/report."""

    def __init__(self, evaluator: Evaluator):
        self.evaluator, self.best = evaluator, Report()

    def on_evaluate(self, loop, record):
        self.report = self.evaluator.report()
        say(self.report, thorough=record["global_step"] == loop.state.best_step)

    def on_best(self, loop, before):
        self.best = self.report
        folder = loop.run.path / REPORT_FOLDER
        try:
            if folder.is_symlink():
                raise OSError("a link, which is not followed")
            folder.mkdir(parents=True, exist_ok=True)
            write_report(self.report, folder, run_title(loop.run, loop.config.name), loop.task.perfect)
            write_predictions(self.evaluator, folder / PREDICTIONS_FILE)
        except OSError as error:
            logger.warning("%s: cannot be written (%s); training goes on", folder, error)


def say(report: Report, thorough: bool):
    """A report's lines and warnings, to the log; with `thorough` each class and the limits too."""
    lines = [report.mean_line(), *([report.class_line(), report.interval_line()] if thorough else [])]
    for line in filter(None, lines):
        logger.info(line)
    for warning in report.warnings:
        logger.warning(warning)


def write_report(report: Report, folder: Path, title: str, perfect: float = 1.0):
    """Writes the parts that there are into `folder`.

    title: of the pictures. perfect: what a perfect answer scores.
    """
    writers = {
        CLASSES_FILE: report.classes and (lambda path: _write_json(path, _classes(report))),
        GROUPS_FILE: report.groups and (lambda path: _write_json(path, report.groups)),
        SCORES_FILE: report.groups and (lambda path: save(bars_figure(report.groups, title, perfect), path)),
        CONFUSION_FILE: report.confusion is not None and (lambda path: save(_confusion(report, title), path)),
        WRONG_FILE: report.wrong and (lambda path: _write_wrong(path, report.wrong)),
    }
    for name, write in writers.items():
        if write:
            folder.mkdir(parents=True, exist_ok=True)
            write(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)  # of an earlier evaluation


def write_predictions(evaluator: Evaluator, path: Path):
    """A JSON list with one entry per example: id, label where it has one, and the answers, best first."""
    listed = []
    for example, answers in zip(evaluator.examples, evaluator.predictions, strict=True):
        label = getattr(example, "label", None)
        listed.append({"id": example.id, **({} if label is None else {"label": label}), "answers": answers})
    replace_text(path, json.dumps(listed, ensure_ascii=False, indent=1) + "\n")


def _classes(report: Report) -> dict:
    return {"overall": report.overall, "classes": report.classes, "intervals": report.intervals()}


def _confusion(report: Report, title: str):
    counts = report.confusion
    scores = f"accuracy {accuracy(counts):.4f} · macro F1 {macro_f1(counts):.4f} · {counts.sum():,} examples"
    return confusion_figure(counts, report.labels, title, scores)


def _write_json(path: Path, content: dict):
    replace_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _write_wrong(path: Path, wrong: Sequence[dict]):
    """A table for spreadsheets; line ends and tabs inside a text become blanks."""
    with replacing(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(wrong[0]), delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None)
        table.writeheader()
        for row in wrong:
            cells = {name: "" if value is None else " ".join(str(value).split()) for name, value in row.items()}
            table.writerow(cells)
