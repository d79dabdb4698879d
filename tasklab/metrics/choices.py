"""Accuracy over questions with choices; a choice that a question lists twice is right at both places."""

from collections.abc import Sequence
from dataclasses import replace

from tasklab.metrics.bootstrap import mean_interval
from tasklab.metrics.groups import mean_scores
from tasklab.metrics.report import Report, class_report
from tasklab.metrics.wrong import Shown, wrong_row

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def score_choices(chosen: Sequence[int], examples: Sequence) -> dict[str, float]:
    """accuracy, as a fraction of 1, and total.

    examples: with `choices` and `label`, the number of the right one.
    """
    return {"accuracy": sum(_right(chosen, examples)) / len(examples), "total": len(examples)}


def choice_report(chosen: Sequence[int], examples: Sequence, shown: Sequence[Shown]) -> Report:
    """Which place is taken for which (a model that favours one has learned little), the scores by the number of
    choices, and the wrong answers."""
    right = _right(chosen, examples)
    picked = [e.label if hit else i for i, e, hit in zip(chosen, examples, right, strict=True)]
    places = [str(i) if i >= len(LETTERS) else LETTERS[i] for i in range(max(len(e.choices) for e in examples))]
    counts = [len(e.choices) for e in examples]
    order = [str(count) for count in sorted(set(counts))]
    references, predicted = ([places[i] for i in numbers] for numbers in ([e.label for e in examples], picked))
    rows = zip(examples, picked, right, shown, strict=True)
    return replace(
        class_report(references, predicted, places, shown, ()),
        intervals=lambda: {"accuracy": mean_interval(right)},
        groups={"number of choices": mean_scores(map(str, counts), [{"accuracy": hit} for hit in right], order)},
        wrong=[wrong_row(what, e.choices[e.label], e.choices[i]) for e, i, hit, what in rows if not hit],
    )


def _right(chosen: Sequence[int], examples: Sequence) -> list[bool]:
    return [e.choices[i] == e.choices[e.label] for i, e in zip(chosen, examples, strict=True)]
