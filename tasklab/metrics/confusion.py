"""Scores that follow from a confusion matrix alone, for many matrices at a time (definitions: scikit-learn)."""

from collections.abc import Sequence

import numpy as np


def confusion_matrix(references: Sequence, predicted: Sequence, labels: Sequence) -> np.ndarray:
    """[C, C] counts: row the wanted label, column the predicted one."""
    number = {label: i for i, label in enumerate(labels)}
    pairs = zip(references, predicted, strict=True)
    cells = np.array([number[r] * len(number) + number[p] for r, p in pairs], np.int64)
    return np.bincount(cells, minlength=len(number) ** 2).reshape(len(number), len(number))


def class_scores(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """precision, recall, f1 and support of each class, [..., C] each; 0 where undefined."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    predicted, there = confusion.sum(axis=-2), confusion.sum(axis=-1)
    return {
        "precision": share(hits, predicted), "recall": share(hits, there), "f1": share(2 * hits, predicted + there),
        "support": there,
    }  # fmt: skip


def weighted_mean(confusion: np.ndarray) -> dict[str, float]:
    """precision, recall and f1 of all classes, each class by its support."""
    scores = class_scores(confusion)
    share = scores.pop("support") / confusion.sum()
    return {name: float((values * share).sum()) for name, values in scores.items()}


def accuracy(confusion: np.ndarray) -> np.ndarray:
    return np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum(axis=(-2, -1))


def second_f1(confusion: np.ndarray) -> np.ndarray:
    """F1 of the second of two classes."""
    return class_scores(confusion)["f1"][..., 1]


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that are wanted or predicted at all."""
    occurs = confusion.sum(axis=-2) + confusion.sum(axis=-1) > 0
    return class_scores(confusion)["f1"].sum(axis=-1, where=occurs) / occurs.sum(axis=-1)


def matthews_correlation(confusion: np.ndarray) -> np.ndarray:
    """Gorodkin 2004, for any number of classes; 0 when all rows are of one class or predicted as one."""
    predicted, there = (confusion.sum(axis=axis).astype(np.float64) for axis in (-2, -1))
    total = confusion.sum(axis=(-2, -1)).astype(np.float64)
    both = np.trace(confusion, axis1=-2, axis2=-1) * total - (predicted * there).sum(axis=-1)
    spread = [total**2 - (side**2).sum(axis=-1) for side in (predicted, there)]
    return share(both, np.sqrt(spread[0] * spread[1]))


STATISTICS = {
    "accuracy": accuracy, "f1": second_f1, "macro_f1": macro_f1, "matthews_correlation": matthews_correlation,
}  # fmt: skip


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, 0 where whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
