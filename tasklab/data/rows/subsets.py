"""Drawing a part of the examples, and cutting them into folds: by seed, each class in its share (stratified)."""

from collections.abc import Hashable, Sequence

import numpy as np


def share_of(count: int, share: float, seed: int, strata: Sequence[Hashable] | None = None) -> np.ndarray:
    """Numbers of round(share * count) examples, at least one, ascending."""
    wanted = max(1, round(share * count))
    order = _mixed(count, seed, strata)  # [count]
    return np.sort(order[np.arange(wanted) * count // wanted])


def fold_of(count: int, folds: int, seed: int, strata: Sequence[Hashable] | None = None) -> np.ndarray:
    """[count] number of the fold, 0 .. folds - 1, that each example belongs to; sizes differ by at most one."""
    found = np.empty(count, np.int64)
    found[_mixed(count, seed, strata)] = np.arange(count) % folds
    return found


def _mixed(count: int, seed: int, strata: Sequence[Hashable] | None) -> np.ndarray:
    """All numbers, strata one after the other and mixed inside: every k-th of them holds each stratum in its share."""
    order = np.random.default_rng(seed).permutation(count)  # [count]
    if strata is None:
        return order
    number = {stratum: i for i, stratum in enumerate(dict.fromkeys(strata))}
    # a stable sort by stratum keeps the random order inside of each
    return order[np.argsort(np.array([number[stratum] for stratum in strata])[order], kind="stable")]
