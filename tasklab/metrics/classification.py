"""Scores of classifiers, as fractions of 1 (definitions: scikit-learn; the set: GLUE, Wang et al. 2019)."""

from collections import Counter
from collections.abc import Sequence


def score_classes(predicted: Sequence[str], references: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """One class per row: accuracy, macro_f1 (mean over the classes that occur), matthews_correlation, total.

    With two classes also f1, that of the second one: "1" of 0 and 1, as GLUE counts MRPC and QQP.
    """
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

    scores = {"accuracy": float(accuracy_score(references, predicted))}
    if len(labels) == 2:
        scores["f1"] = float(f1_score(references, predicted, pos_label=labels[1], zero_division=0.0))
    scores["macro_f1"] = float(f1_score(references, predicted, average="macro", zero_division=0.0))
    scores["matthews_correlation"] = float(matthews_corrcoef(references, predicted))
    return scores | {"total": len(references)}


def score_label_sets(
    predicted: Sequence[Sequence[str]], references: Sequence[Sequence[str]], labels: Sequence[str]
) -> dict[str, float]:
    """Any number of classes per row: micro_f1, macro_f1, exact_match (all classes of the row right), total."""
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    binarizer = MultiLabelBinarizer(classes=list(labels))
    truth, guess = binarizer.fit_transform(references), binarizer.fit_transform(predicted)
    return {
        "micro_f1": float(f1_score(truth, guess, average="micro", zero_division=0.0)),
        "macro_f1": float(f1_score(truth, guess, average="macro", zero_division=0.0)),
        "exact_match": float((truth == guess).all(axis=1).mean()),
        "total": len(references),
    }


def majority(references: Sequence) -> list:
    """The most frequent label (or tuple of labels; the first of equally frequent ones) for every row."""
    return [Counter(references).most_common(1)[0][0]] * len(references)
