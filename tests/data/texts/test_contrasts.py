"""Rows two by two: which classes stand beside each other, and how their batches look."""

import numpy as np
import pytest

from tasklab.data.rows.features import FeatureTable
from tasklab.data.texts.contrasts import ContrastRows

LABELS = [0, 0, 0, 1, 1, 2]


@pytest.fixture
def rows():
    table = FeatureTable.from_rows(
        {"input_ids": [10 + i] * (i + 1), "token_type_ids": [0] * (i + 1), "labels": label}
        for i, label in enumerate(LABELS)
    )
    return ContrastRows(table, np.ones(6), seed=3)


def test_every_row_stands_beside_one_of_its_class_and_one_of_another(rows):
    pairs = [rows.pair(row) for row in range(len(rows))]
    assert [one for one, _ in pairs] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    for row, (one, other) in enumerate(pairs):
        assert (LABELS[one] == LABELS[other]) == (row % 2 == 0)
        assert one != other or one == 5  # alone in its class
    assert rows.pair(10) == (5, 5)


def test_partners_change_by_epoch_and_come_again(rows):
    epochs = [[rows.of_epoch(e).pair(r)[1] for r in range(12)] for e in (0, 1, 0)]
    assert epochs[0] != epochs[1] and epochs[0] == epochs[2]
    assert rows.of_epoch(1).digest() != rows.digest() == rows.of_epoch(0).digest()
    # of a class of three either other row comes with odds of 1/2: 400 draws stay within 4.5 deviations of 10
    drawn = [rows.of_epoch(e).pair(0)[1] for e in range(400)]
    assert set(drawn) == {1, 2} and abs(drawn.count(1) - 200) < 45


def test_a_batch_holds_both_texts_and_says_whether_they_are_of_one_class(rows):
    batch = rows.batch([10, 7], {"input": 6}, 3)
    assert batch["input_ids"].shape == (3, 2, 6) and batch["alike"].tolist() == [1, 0, 0]
    assert batch["sample_weight"].tolist() == [1, 1, 0]
    assert batch["input_ids"][0].tolist() == [[15] * 6] * 2
    other = rows.pair(7)[1]
    assert batch["input_ids"][1, 1].tolist() == [10 + other] * (other + 1) + [0] * (5 - other)
    assert batch["attention_mask"][1, 0].tolist() == [1, 1, 1, 1, 0, 0]
    assert set(batch) - {"sample_weight"} == rows.columns
    assert rows.lengths["input"].tolist() == [6] * 12
