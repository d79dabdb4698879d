"""Scores of parts of the examples, as Report.groups has them: by class, by kind."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np


def mean_scores(kinds: Iterable[str], scores: Sequence[dict[str, float]], order: Sequence[str] = ()) -> dict:
    """kind -> means of the scores of its examples, and `count`; those of `order` first and in it, then by count."""
    members: dict[str, list[dict]] = {}
    for kind, row in zip(kinds, scores, strict=True):
        members.setdefault(kind, []).append(row)
    names = sorted(members, key=lambda kind: -len(members[kind]))
    names = [kind for kind in order if kind in members] + [kind for kind in names if kind not in order]
    return {
        kind: {name: float(np.mean([row[name] for row in members[kind]])) for name in members[kind][0]}
        | {"count": len(members[kind])} for kind in names
    }  # fmt: skip


def scores_by_class(classes: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Scores of classes as a group of Report.groups; those that do not occur left out."""
    return {
        label: {**{name: scores[name] for name in ("precision", "recall", "f1")}, "count": scores["support"]}
        for label, scores in classes.items() if scores["support"]
    }  # fmt: skip
