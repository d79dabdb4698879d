"""Accuracy over questions with choices; a choice that a question lists twice is right at both places."""

from collections.abc import Sequence

from tasklab.metrics.bootstrap import mean_interval
from tasklab.metrics.report import Report, class_report

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def score_choices(chosen: Sequence[int], examples: Sequence) -> dict[str, float]:
    """accuracy, as a fraction of 1, and total.

    examples: with `choices` and `label`, the number of the right one.
    """
    return {"accuracy": sum(_right(chosen, examples)) / len(examples), "total": len(examples)}


def choice_report(chosen: Sequence[int], examples: Sequence) -> Report:
    """Which place is taken for which (a model that favours one has learned little), and the wrong answers."""
    right = _right(chosen, examples)
    picked = [e.label if hit else i for i, e, hit in zip(chosen, examples, right, strict=True)]
    places = [str(i) if i >= len(LETTERS) else LETTERS[i] for i in range(max(len(e.choices) for e in examples))]
    shown = [
        {"place": e.place, "question": e.question, "wanted": e.choices[e.label], "chosen": e.choices[i],
         "context": e.context}
        for i, e in zip(picked, examples, strict=True)
    ]  # fmt: skip
    wanted, predicted = ([places[i] for i in numbers] for numbers in ([e.label for e in examples], picked))
    report = class_report(wanted, predicted, places, shown, ())
    return Report(
        report.overall, report.classes, report.labels, report.confusion, lambda: {"accuracy": mean_interval(right)},
        report.wrong, report.warnings,
    )  # fmt: skip


def _right(chosen: Sequence[int], examples: Sequence) -> list[bool]:
    return [e.choices[i] == e.choices[e.label] for i, e in zip(chosen, examples, strict=True)]
