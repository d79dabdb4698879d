"""Texts that are near an anchor without matching it: hard negatives, chosen by vectors (Moreira et al. 2024,
arXiv 2407.15831, whose margin is relative to the score of the match)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tasklab.data.matching.examples import MatchingExample
from tasklab.data.rows.findings import plain

AT_ONCE = 256
"""Rows that are compared with all candidates at a time: with 100,000 of them 100 MB."""


class Pool(NamedTuple):
    """Texts whose vectors are compared, equal ones but for case and blanks once, and which they are of each row."""

    texts: list[str]
    anchors: np.ndarray  # [R] numbers of texts
    matches: np.ndarray  # [R]
    candidates: np.ndarray  # [C]
    excluded: list[np.ndarray]
    """Of each row the places among the candidates of what is no negative: the anchor, what any row matches with it, and
    the negatives that the row has."""


def pool_of(examples: Sequence[MatchingExample], more: Iterable[str] = ()) -> Pool:
    """The second texts of all examples and `more` are the candidates."""
    numbers: dict[str, int] = {}
    texts: list[str] = []

    def number(text: str) -> int:
        at = numbers.setdefault(plain(text), len(texts))
        if at == len(texts):
            texts.append(text)
        return at

    rows = [[number(text) for text in example.texts] for example in examples]
    place = {at: i for i, at in enumerate(dict.fromkeys([*(row[1] for row in rows), *map(number, more)]))}
    matching: dict[int, set[int]] = {}
    for first, second, *_ in rows:
        matching.setdefault(first, {first}).add(second)
        matching.setdefault(second, {second}).add(first)
    none = [(matching[row[0]] | set(row[2:])) & place.keys() for row in rows]
    return Pool(
        texts, *(np.array([row[i] for row in rows], np.int64) for i in (0, 1)), np.array(list(place), np.int64),
        [np.array(sorted(place[at] for at in own), np.int64) for own in none],
    )  # fmt: skip


class Nearest(NamedTuple):
    """candidates: of each row the numbers of those chosen, the nearest first.   too_near: how many a row has that are
    nearer than its margin allows."""

    candidates: list[np.ndarray]
    too_near: np.ndarray  # [R]


def nearest_negatives(
    anchors: np.ndarray, matches: np.ndarray, candidates: np.ndarray, excluded: Sequence[np.ndarray], count: int,
    margin: float,
) -> Nearest:  # fmt: skip
    """For each row at most `count` candidates by cosine, none nearer to the anchor than the match less the margin.

    Args:
        anchors, matches: [R, D], candidates: [C, D], unit rows.
        excluded: of each row the numbers of candidates that match its anchor, or are it.
        margin: share of the match's cosine; 0.05 lets a negative have 95 % of it.
    """
    chosen, too_near = [], np.zeros(len(anchors), np.int64)
    for start in range(0, len(anchors), AT_ONCE):
        own = slice(start, start + AT_ONCE)
        cosines = anchors[own] @ candidates.T  # [r, C]
        matching = (anchors[own] * matches[own]).sum(axis=1)  # [r]
        limit = matching - margin * np.abs(matching)  # below the match where its cosine is negative too
        for row, scores in enumerate(cosines):
            scores[excluded[start + row]] = -np.inf
            near = scores > limit[row]
            too_near[start + row] = near.sum()
            scores[near] = -np.inf
            chosen.append(_best(scores, count))
    return Nearest(chosen, too_near)


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    """Numbers of the `count` highest finite scores, falling; of equals the first."""
    some = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    least = scores[some].min() if len(some) else -np.inf
    some = np.flatnonzero(scores >= least) if np.isfinite(least) else some  # equals beyond the cut compete by number
    order = some[np.argsort(-scores[some], kind="stable")][:count]
    return order[np.isfinite(scores[order])]
