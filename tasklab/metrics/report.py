"""What stands behind a score: each class, what is confused with what, the wrong answers, and the role of chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tasklab.metrics.bootstrap import LEVEL, Interval, confusion_interval, interval
from tasklab.metrics.confusion import STATISTICS, class_scores, confusion_matrix, share, weighted_mean
from tasklab.metrics.groups import scores_by_class
from tasklab.metrics.wrong import Shown, farthest_rows, wrong_rows


@dataclass(frozen=True)
class Report:
    """Every part may be empty; a task fills what it has."""

    overall: dict[str, float] = field(default_factory=dict)  # precision, recall, f1
    classes: dict[str, dict[str, float]] = field(default_factory=dict)  # label -> precision, recall, f1, support
    labels: Sequence[str] = ()  # of the confusion matrix
    confusion: np.ndarray | None = None  # [C, C] counts: row wanted, column predicted
    intervals: Callable[[], dict[str, Interval]] = dict  # metric -> limits in its own unit; may take a second
    groups: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    """By what the examples are parted -> part -> its scores, and its `count`."""
    wrong: Sequence[dict] = ()  # examples that were answered wrongly, `wrong.wrong_row` of each
    warnings: Sequence[str] = ()

    def mean_line(self) -> str:
        """precision, recall and F1 over all classes; '' without them."""
        names = {"precision": "precision", "recall": "recall", "f1": "F1"}
        means = ", ".join(f"{names[name]}: {value:.5f}" for name, value in self.overall.items())
        return f"Evaluation {means}" if means else ""

    def class_line(self) -> str:
        """precision, recall and F1 of each class, rounded to two decimals; '' without classes."""
        kept = ("precision", "recall", "f1")
        rounded = {label: {name: round(scores[name], 2) for name in kept} for label, scores in self.classes.items()}
        return f"Each Class Metrics are: {rounded}" if rounded else ""

    def interval_line(self) -> str:
        """Within which limits the metrics stay when the examples are drawn anew; '' without any."""
        limits = ", ".join(f"{name} {low:.4f} to {high:.4f}" for name, (low, high) in self.intervals().items())
        return f"{LEVEL:.0%} of resampled sets give: {limits}" if limits else ""


def class_report(
    references: Sequence[str], predicted: Sequence[str], labels: Sequence[str], shown: Sequence[Shown],
    metrics: Sequence[str],
) -> Report:  # fmt: skip
    """For tasks with one label per example.

    Args:
        labels: the known classes; others that occur are listed behind them.
        metrics: the names in STATISTICS whose limits are wanted; others are passed over.
    """
    labels = list(dict.fromkeys([*labels, *references, *predicted]))
    confusion = confusion_matrix(references, predicted, labels)
    columns = class_scores(confusion)
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return Report(
        overall=weighted_mean(confusion),
        classes={label: dict(zip(columns, row, strict=True)) for label, row in zip(labels, rows, strict=True)},
        labels=labels,
        confusion=confusion,
        intervals=lambda: {
            name: confusion_interval(STATISTICS[name], confusion) for name in metrics if name in STATISTICS
        },
        wrong=wrong_rows(references, predicted, shown),
        warnings=_one_class_only(predicted, references),
    )


def label_set_report(
    references: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], labels: Sequence[str],
    shown: Sequence[Shown],
) -> Report:  # fmt: skip
    """For tasks with any number of labels per example; the means and the limits are micro averages."""
    there, guessed = (np.array([[name in row for name in labels] for row in rows]) for rows in (references, predicted))
    counts = np.stack([there & guessed, guessed, there], axis=-1)  # [rows, C, 3]: hits, predicted, wanted

    def scores(sums):
        hits, guessed, there = np.moveaxis(sums, -1, 0)
        return {"precision": share(hits, guessed), "recall": share(hits, there), "f1": share(2 * hits, guessed + there)}

    columns = scores(counts.sum(axis=0)) | {"support": there.sum(axis=0)}
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    per_row = counts.sum(axis=1)
    classes = {label: dict(zip(columns, row, strict=True)) for label, row in zip(labels, rows, strict=True)}
    return Report(
        overall={name: float(value) for name, value in scores(per_row.sum(axis=0)).items()},
        classes=classes,
        groups={"label": scores_by_class(classes)},
        intervals=lambda: {"micro_f1": interval(lambda drawn: scores(per_row[drawn].sum(axis=0))["f1"], len(per_row))},
        wrong=wrong_rows([", ".join(sorted(s)) for s in references], [", ".join(sorted(s)) for s in predicted], shown),
        warnings=_one_class_only([tuple(sorted(s)) for s in predicted], [tuple(sorted(s)) for s in references]),
    )


def number_report(
    predicted: Sequence[float], references: Sequence[float], shown: Sequence[Shown], same_scale: bool = True
) -> Report:
    """For tasks with a number per example: the limits of both correlations, and what is farthest off.

    same_scale: whether a number can be compared with the wanted one; else their ranks are, as shares of all.
    """
    from scipy.stats import rankdata

    x, y = np.asarray(predicted, np.float64), np.asarray(references, np.float64)
    off = x - y if same_scale else (rankdata(x) - rankdata(y)) / len(x)

    def correlation(first, second):
        return np.corrcoef(first, second)[0, 1] if np.ptp(first) and np.ptp(second) else np.nan

    return Report(
        wrong=farthest_rows(references, predicted, shown, off),
        intervals=lambda: {
            "pearson": interval(lambda drawn: correlation(x[drawn], y[drawn]), len(x)),
            "spearmanr": interval(lambda drawn: correlation(rankdata(x[drawn]), rankdata(y[drawn])), len(x)),
        },
    )


def _one_class_only(predicted: Sequence, references: Sequence) -> list[str]:
    if len(set(predicted)) > 1 or len(set(references)) == 1:
        return []
    return [
        f"the model predicts {predicted[0]!r} for each of the {len(predicted)} examples: it has learned nothing yet; "
        "train longer, change optimizer.lr, or set loss.balanced=true when one class is rare"
    ]
