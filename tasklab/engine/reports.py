"""Reports as files for reading: each class, the confusion matrix as a picture, and the wrong answers as a table."""

import csv
import json
import logging
from pathlib import Path

from tasklab.engine.confusion_picture import draw_confusion
from tasklab.engine.evaluate import Evaluator
from tasklab.engine.hooks import Callback
from tasklab.metrics.report import Report
from tasklab.replacing import replace_text, replacing
from tasklab.runs.history import PREDICTIONS_FILE, REPORT_FOLDER

logger = logging.getLogger("tasklab")

CLASSES_FILE, CONFUSION_FILE, WRONG_FILE = "classes.json", "confusion.png", "wrong.tsv"


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
            write_report(self.report, folder, loop.config.name)
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


def write_report(report: Report, folder: Path, title: str):
    """Writes the parts that there are into `folder`."""
    parts = {
        CLASSES_FILE: bool(report.classes) and _write_classes,
        CONFUSION_FILE: report.confusion is not None and _draw,
        WRONG_FILE: bool(report.wrong) and _write_wrong,
    }
    for name, write in parts.items():
        if write:
            folder.mkdir(parents=True, exist_ok=True)
            write(report, folder / name, title)
        else:
            (folder / name).unlink(missing_ok=True)  # of an earlier evaluation


def write_predictions(evaluator: Evaluator, path: Path):
    """A JSON list with one entry per example: id, label where it has one, and the answers, best first."""
    listed = []
    for example, answers in zip(evaluator.examples, evaluator.predictions, strict=True):
        label = getattr(example, "label", None)
        listed.append({"id": example.id, **({} if label is None else {"label": label}), "answers": answers})
    replace_text(path, json.dumps(listed, ensure_ascii=False, indent=1) + "\n")


def _write_classes(report: Report, path: Path, title: str):
    content = {"overall": report.overall, "classes": report.classes, "intervals": report.intervals()}
    replace_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _draw(report: Report, path: Path, title: str):
    draw_confusion(report.confusion, report.labels, path, title)


def _write_wrong(report: Report, path: Path, title: str):
    """A table for spreadsheets; line ends and tabs inside a text become blanks."""
    with replacing(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(report.wrong[0]), delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None)
        table.writeheader()
        for row in report.wrong:
            table.writerow({name: " ".join(str(value).split()) for name, value in row.items()})
