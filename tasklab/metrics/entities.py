"""Scores of entities: right when type, first and last token are (micro average of seqeval, after conlleval.pl)."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from tasklab.metrics.bootstrap import interval
from tasklab.metrics.confusion import share
from tasklab.metrics.groups import scores_by_class
from tasklab.metrics.report import Report
from tasklab.metrics.wrong import Shown, wrong_rows

Entity = tuple[str, int, int]
"""(type, first token, last token)."""


def score_entities(predicted: Sequence[Iterable[Entity]], references: Sequence[Iterable[Entity]]) -> dict[str, float]:
    """precision, recall, f1 over all entities of all sentences, as fractions of 1; total counts the entities wanted."""
    hits, guessed, there = _counts(predicted, references).sum(axis=0).tolist()
    return {**_scores(hits, guessed, there), "total": there}


def entity_report(
    predicted: Sequence[Iterable[Entity]], references: Sequence[Iterable[Entity]], shown: Sequence[Shown],
    words: Sequence,
) -> Report:  # fmt: skip
    """precision, recall, f1 and support of each type; the sentences with an entity too many or too few.

    words: (predicted, wanted) of each sentence as a reader needs them.
    """
    per_type = {kind: _of_type(kind, predicted, references) for kind in _types(predicted, references)}
    counts = _counts(predicted, references)
    classes = {kind: {**_scores(*sums), "support": sums[2]} for kind, sums in per_type.items()}
    nothing = [f"the model finds no entity in any of the {len(counts)} sentences: train longer or change optimizer.lr"]
    return Report(
        overall=_scores(*counts.sum(axis=0).tolist()),
        classes=classes,
        groups={"type": scores_by_class(classes)} if classes else {},
        intervals=lambda: {"f1": interval(lambda drawn: _f1(counts[drawn].sum(axis=0)), len(counts))},
        wrong=wrong_rows([right for _, right in words], [guess for guess, _ in words], shown),
        warnings=nothing if counts[:, 2].any() and not counts[:, 1].any() else (),
    )


def _types(*sides: Sequence[Iterable[Entity]]) -> list[str]:
    return sorted({kind for side in sides for entities in side for kind, _, _ in entities})


def _of_type(kind: str, *sides: Sequence[Iterable[Entity]]) -> list[int]:
    only = [[[entity for entity in entities if entity[0] == kind] for entities in side] for side in sides]
    return _counts(*only).sum(axis=0).tolist()


def _counts(predicted: Sequence[Iterable[Entity]], references: Sequence[Iterable[Entity]]) -> np.ndarray:
    """[sentences, 3]: right, predicted, wanted."""
    pairs = [(Counter(p), Counter(r)) for p, r in zip(predicted, references, strict=True)]
    return np.array([((p & r).total(), p.total(), r.total()) for p, r in pairs], np.int64).reshape(-1, 3)


def _scores(hits, predicted, there) -> dict[str, float]:
    scores = {"precision": (hits, predicted), "recall": (hits, there), "f1": (2 * hits, predicted + there)}
    return {name: float(share(part, whole)) for name, (part, whole) in scores.items()}


def _f1(sums: np.ndarray) -> float:
    return float(share(2 * sums[0], sums[1] + sums[2]))
