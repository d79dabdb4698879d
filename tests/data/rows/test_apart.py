"""Rows that share a text stand in different steps; all else is as it was drawn."""

import numpy as np
import pytest

from tasklab.data.rows.apart import apart_column, parted, text_hash
from tasklab.data.rows.buckets import Buckets, plan_axes, train_batches
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets


def job(texts, batch_size=4, micro_batches=1, seed=0, epoch=0, group_by_length=False, lengths=None):
    """(drawn steps, Parted) of rows with these hashes [R, T]."""
    count = len(texts)
    lengths = {"input": np.asarray(lengths if lengths is not None else np.full(count, 5), np.int64)}
    planned = plan_axes(lengths, 4, lambda axis: 128)
    batches = train_batches(lengths, planned, batch_size, seed, epoch, group_by_length)
    steps = [batches[i : i + micro_batches] for i in range(0, len(batches), micro_batches)]
    return steps, parted(steps, np.asarray(texts, np.uint64), Buckets(lengths, planned), batch_size, micro_batches)


def rows_of(steps):
    return [[int(row) for batch in step for row in batch.rows] for step in steps]


def check(texts, result, batch_size=4, micro_batches=1):
    texts = np.asarray(texts)
    rows = rows_of(result.steps)
    assert sorted(row for step in rows for row in step) == list(range(len(texts)))
    for step in rows:
        own = [set(texts[row].tolist()) - {0} for row in step]
        assert sum(map(len, own)) == len(set().union(*own))
    assert all(len(step) <= micro_batches for step in result.steps)
    assert all(0 < len(batch.rows) <= batch_size for step in result.steps for batch in step)


@pytest.mark.parametrize("group_by_length", [False, True])
@pytest.mark.parametrize("micro_batches", [1, 3])
def test_without_a_shared_text_the_batches_are_those_drawn(group_by_length, micro_batches):
    texts = np.arange(1, 63).reshape(31, 2)
    lengths = np.random.default_rng(0).integers(1, 100, 31)
    drawn, result = job(texts, 4, micro_batches, 1, 2, group_by_length, lengths)
    assert result.waited == 0 and rows_of(result.steps) == rows_of(drawn)
    assert [[b.lengths for b in s] for s in result.steps] == [[b.lengths for b in s] for s in drawn]


def test_a_row_that_says_one_text_twice_or_lacks_one_meets_no_other_by_it():
    drawn, result = job([[7, 7], [8, 0], [9, 0], [10, 10]])
    assert result.waited == 0 and len(result.steps) == 1


def test_by_hand_rows_of_three_texts_twice_each_fill_two_steps():
    # any order of 1 1 2 2 3 3 in steps of 3 is repaired to two steps with 1, 2 and 3 each, or a third with what waits
    for seed in range(20):
        texts = [[1], [1], [2], [2], [3], [3]]
        drawn, result = job(texts, 3, seed=seed)
        check(texts, result, 3)
        repeated = sum(len(step) - len({texts[row][0] for row in step}) for step in rows_of(drawn))
        assert result.waited == repeated and len(result.steps) <= 3


@pytest.mark.parametrize("group_by_length", [False, True])
@pytest.mark.parametrize("kinds, micro_batches", [(400, 1), (60, 2), (9, 3)])
def test_every_row_stands_in_one_step_and_no_step_says_a_text_twice(kinds, micro_batches, group_by_length):
    random = np.random.default_rng(kinds)
    texts, lengths = random.integers(0, kinds, (300, 3)), random.integers(1, 100, 300)
    for epoch in range(3):
        _, result = job(texts, 8, micro_batches, 5, epoch, group_by_length, lengths)
        check(texts, result, 8, micro_batches)
        _, again = job(texts, 8, micro_batches, 5, epoch, group_by_length, lengths)
        assert rows_of(again.steps) == rows_of(result.steps)


def test_few_shared_texts_make_no_further_step_and_little_padding():
    random = np.random.default_rng(0)
    texts = np.arange(1, 4001).reshape(2000, 2)
    texts[random.permutation(2000)[:200], 0] = np.repeat(np.arange(1, 101), 2)  # a hundred anchors twice or more
    lengths = random.integers(1, 100, 2000)
    drawn, result = job(texts, 32, 1, 0, 0, True, lengths)

    def padded(steps):
        return sum(len(b.rows) * b.lengths["input"] for step in steps for b in step)

    check(texts, result, 32)
    assert 0 < result.waited < 20 and len(result.steps) <= len(drawn) + 1
    assert padded(result.steps) <= 1.01 * padded(drawn)


def test_many_rows_of_few_texts_are_parted_in_a_moment():
    texts = np.random.default_rng(0).integers(1, 11, (20000, 1))
    _, result = job(texts, 64)
    check(texts, result, 64)
    most = int(np.bincount(texts[:, 0]).max())
    assert most <= len(result.steps) <= most + 400  # no fewer can be; those drawn are 313


def test_hashes_know_no_case_and_blanks_and_travel_with_the_table(tmp_path):
    column = apart_column([("A  b", "c"), ("a B",), ("c", "d")], 2)
    ids = Ragged(np.arange(5, dtype=np.int32), row_offsets([1, 1, 1, 0, 1, 1]))
    table = FeatureTable({"input_ids": ids, "apart": column}, {}, sequences=2)
    a, c, d = map(text_hash, ("a b", "c", "d"))
    np.testing.assert_array_equal(table.apart, np.array([[a, c], [a, 0], [c, d]], np.uint64))
    table.save(tmp_path / "rows")
    np.testing.assert_array_equal(FeatureTable.load(tmp_path / "rows").select([2, 0]).apart[:, 0], [c, a])
    assert "apart" not in table.columns and "apart" not in table.batch([0], {"input": 4}, 1)
    plain = FeatureTable({"input_ids": ids}, {}, sequences=2)
    assert plain.apart is None and plain.digest() != table.digest()
