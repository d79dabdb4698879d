"""Drawing a part of the examples, and cutting them into folds: by seed, each class in its share (stratified)."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np


def share_of(count: int, share: float, seed: int, strata: Sequence[Hashable] | None = None) -> np.ndarray:
    """Numbers of round(share * count) examples, at least one, ascending."""
    size = max(1, round(share * count))
    order = _mixed(count, seed, strata)  # [count]
    return np.sort(order[np.arange(size) * count // size])


def held_out_of(groups: np.ndarray, share: float, seed: int, strata: Sequence[Hashable]) -> np.ndarray:
    """Numbers of about share * n examples, ascending; whole groups, and of each stratum its share.

    groups: [n] of each example, numbered from 0. A group that alone holds a stratum is never held out: what is trained
    on would not know it.
    """
    members, own = _groups_and_strata(groups, strata)
    where: dict[Hashable, set] = {}
    for group, stratum in zip(groups.tolist(), strata, strict=True):
        where.setdefault(stratum, set()).add(group)
    alone = {group for holders in where.values() if len(holders) == 1 for group in holders}
    seen = held = 0
    taken = []
    for group in _mixed(len(members), seed, own).tolist():
        size = len(members[group])
        seen += size
        # taken when that is nearer to the share of what was seen: what was left out is made up for by the next one
        if group not in alone and size < 2 * (share * seen - held):
            held += size
            taken.append(members[group])
    return np.sort(np.concatenate(taken)) if taken else np.zeros(0, np.int64)


def fold_of(
    count: int, folds: int, seed: int, strata: Sequence[Hashable] | None = None, groups: np.ndarray | None = None
) -> np.ndarray:
    """[count] number of the fold, 0 .. folds - 1, that each example belongs to.

    Sizes differ by at most one; with `groups`, which stay whole, as little as these allow.
    """
    numbers = np.empty(count, np.int64)
    if groups is None or groups.max(initial=0) + 1 == count:
        numbers[_mixed(count, seed, strata)] = np.arange(count) % folds
        return numbers
    members, own = _groups_and_strata(groups, strata or [None] * count)
    totals, of_stratum = [0] * folds, {stratum: [0] * folds for stratum in own}
    order = _mixed(len(members), seed, own)
    sizes = np.array([len(member) for member in members])
    for group in order[np.argsort(-sizes[order], kind="stable")].tolist():  # large ones first: small ones fill up
        mine = of_stratum[own[group]]
        fold = min(range(folds), key=lambda k: (mine[k], totals[k], k))
        numbers[members[group]] = fold
        mine[fold] += len(members[group])
        totals[fold] += len(members[group])
    return numbers


def _groups_and_strata(groups: np.ndarray, strata: Sequence[Hashable]) -> tuple[list[np.ndarray], list[Hashable]]:
    """The members of each group, ascending, and the stratum that most of them are of."""
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return members, [Counter(strata[i] for i in member.tolist()).most_common(1)[0][0] for member in members]


def _mixed(count: int, seed: int, strata: Sequence[Hashable] | None) -> np.ndarray:
    """All numbers, strata one after the other and mixed inside: every k-th of them holds each stratum in its share."""
    order = np.random.default_rng(seed).permutation(count)  # [count]
    if strata is None:
        return order
    number = {stratum: i for i, stratum in enumerate(dict.fromkeys(strata))}
    # a stable sort by stratum keeps the random order inside of each
    return order[np.argsort(np.array([number[stratum] for stratum in strata])[order], kind="stable")]
