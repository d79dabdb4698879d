"""Parts and folds of the examples: disjoint, complete, fair to every class, and the same for a seed."""

from collections import Counter

import numpy as np
import pytest

from tasklab.data.rows.subsets import fold_of, share_of


def test_folds_are_parts_of_nearly_equal_size():
    # 11 examples in 4 folds: 3 + 3 + 3 + 2
    assert sorted(Counter(fold_of(11, 4, seed=1)).values()) == [2, 3, 3, 3]


def test_every_fold_holds_each_class_in_its_share():
    labels = ["common"] * 80 + ["rare"] * 20
    folds = fold_of(100, 5, 7, labels)
    found = Counter(zip(folds.tolist(), labels, strict=True))
    assert found == {(fold, label): count for fold in range(5) for label, count in (("common", 16), ("rare", 4))}


def test_a_share_holds_each_class_in_its_share():
    labels = np.array(["common"] * 800 + ["rare"] * 200)
    rows = share_of(1000, 0.1, 7, labels.tolist())
    assert Counter(labels[rows]) == {"common": 80, "rare": 20}
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("count, share, size", [(10, 1.0, 10), (10, 0.01, 1), (3, 0.5, 2)])
def test_a_share_is_rounded_and_never_empty(count, share, size):
    assert len(set(share_of(count, share, 0).tolist())) == size


def test_the_seed_decides():
    assert (fold_of(50, 3, 1) == fold_of(50, 3, 1)).all()
    assert (fold_of(50, 3, 1) != fold_of(50, 3, 2)).any()
    assert share_of(50, 0.2, 1).tolist() != share_of(50, 0.2, 2).tolist()
