"""Parts and folds of the examples: disjoint, complete, fair to every class, and the same for a seed."""

from collections import Counter

import numpy as np
import pytest

from tasklab.data.rows.subsets import fold_of, held_out_of, share_of


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


def test_what_is_held_out_holds_each_class_in_its_share_and_groups_whole():
    groups = np.repeat(np.arange(500), 2)  # 500 pairs
    labels = ["a" if group % 10 else "b" for group in groups]
    rows = held_out_of(groups, 0.2, 3, labels)
    assert sorted(Counter(labels[i] for i in rows).items()) == [("a", 180), ("b", 20)]
    assert set(Counter(groups[rows]).values()) == {2}
    assert rows.tolist() == held_out_of(groups, 0.2, 3, labels).tolist() == sorted(rows)
    assert rows.tolist() != held_out_of(groups, 0.2, 4, labels).tolist()


def test_a_class_with_a_single_row_or_group_is_trained_on():
    labels = ["a"] * 40 + ["rare", "odd", "odd"]
    groups = np.append(np.arange(42), 41)
    for seed in range(20):
        assert {labels[i] for i in held_out_of(groups, 0.5, seed, labels)} == {"a"}


def test_of_many_small_classes_the_share_is_held_out_all_the_same():
    labels = [i // 4 for i in range(400)]  # a tenth of four rows is none
    assert len(held_out_of(np.arange(400), 0.1, 0, labels)) == 40


def test_folds_keep_groups_whole_and_classes_in_their_share():
    groups = np.concatenate([np.zeros(30, np.int64), 1 + np.arange(70) // 2])
    labels = ["a"] * 50 + ["b"] * 50
    folds = fold_of(100, 3, 0, labels, groups)
    assert all(len(set(folds[groups == group])) == 1 for group in range(groups.max() + 1))
    # thirty of the fifty a are one group, the other two folds share the rest; the fifty b are pairs
    assert sorted(Counter(folds[:50]).values()) == [10, 10, 30] and sorted(Counter(folds[50:]).values()) == [16, 16, 18]


def test_folds_of_rows_that_stand_alone_are_those_without_groups():
    labels = [i % 3 for i in range(50)]
    assert (fold_of(50, 4, 9, labels, np.arange(50)) == fold_of(50, 4, 9, labels)).all()
