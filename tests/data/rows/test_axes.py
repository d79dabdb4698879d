"""Rows with a source and a target: every axis has lengths, planned lengths, a mask and batches of its own."""

import numpy as np
import pytest

from tasklab.config import DataConfig
from tasklab.data.rows.buckets import eval_batches, plan_axes, train_batches
from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged
from tasklab.errors import ConfigError

SOURCE, TARGET = [[5, 6, 7], [8], [9, 9]], [[1], [2, 3], [4]]


def ragged(rows, axis, fill=0):
    return Ragged(np.concatenate(rows), np.cumsum([0, *map(len, rows)]), axis, fill)


def table(source=SOURCE, target=TARGET, fill=7):
    columns = {"source_ids": ragged(source, "input"), "target_ids": ragged(target, "target", fill)}
    columns["labels"] = ragged(target, "target", -100)
    columns["offsets"] = ragged([[0], [], [0, 1]], None)
    return FeatureTable(columns, {"example": np.arange(len(source))})


def test_every_axis_has_lengths_and_every_column_its_own_fill():
    rows = table()
    assert {axis: own.tolist() for axis, own in rows.lengths.items()} == {"input": [3, 1, 2], "target": [1, 2, 1]}
    assert {name: column.tolist() for name, column in rows.batch([1, 0], {"input": 4, "target": 3}, 3).items()} == {
        "source_ids": [[8, 0, 0, 0], [5, 6, 7, 0], [0, 0, 0, 0]],
        "target_ids": [[2, 3, 7], [1, 7, 7], [7, 7, 7]],
        "labels": [[2, 3, -100], [1, -100, -100], [-100, -100, -100]],
        "example": [1, 0, 0],
        "attention_mask": [[1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]],
        "target_attention_mask": [[1, 1, 0], [1, 0, 0], [1, 0, 0]],
        "sample_weight": [1.0, 1.0, 0.0],
    }
    assert rows.columns == set(rows.batch([0], {"input": 4, "target": 3}, 1)) - {"sample_weight"}


def test_the_first_column_of_an_axis_stands_for_it():
    assert table().along("target").fill == 7 and table().along("input").values.tolist() == [5, 6, 7, 8, 9, 9]
    with pytest.raises(KeyError):
        table().along("output")


def test_a_batch_of_one_axis_needs_no_length_of_the_other():
    batch = table().batch([0], {"target": 1}, 1, ["labels"])
    assert sorted(batch) == ["labels", "sample_weight", "target_attention_mask"]
    with pytest.raises(ValueError, match="'source_ids' runs along 'input', for which the batch has no length, only"):
        table().batch([0], {"target": 1}, 1, ["source_ids"])
    with pytest.raises(ValueError, match="row 1 has 2 values in 'labels', the batch only 1"):
        table().batch([0, 1], {"target": 1}, 2, ["labels"])


def test_columns_of_one_axis_have_rows_of_one_length():
    with pytest.raises(ValueError, match="'b' and 'a' run along 'target', but their rows are not equally long"):
        FeatureTable({"a": ragged([[1], [2]], "target"), "b": ragged([[1, 2], []], "target")}, {})
    with pytest.raises(ValueError, match="one must run along an axis"):
        FeatureTable({"a": ragged([[1]], None)}, {})


def test_axis_and_fill_survive_files_and_choices(tmp_path):
    table().save(tmp_path / "rows")
    loaded = FeatureTable.load(tmp_path / "rows")
    chosen = loaded.select([2, 0, 1]).select([1, 2, 0])
    assert loaded.digest() == chosen.digest() == table().digest()
    assert chosen["labels"].axis == "target" and chosen["labels"].fill == -100 and chosen["offsets"].axis is None
    lengths = {"input": 3, "target": 2}
    for name, column in table().batch([0, 1, 2], lengths, 3).items():
        np.testing.assert_array_equal(chosen.batch([0, 1, 2], lengths, 3)[name], column)


def test_axis_and_fill_count_in_the_digest():
    moved = table()
    moved.ragged["labels"] = moved["labels"]._replace(axis="input")
    others = (table(fill=0), table(target=[[1], [3, 2], [4]]), moved)
    assert len({table().digest(), *(other.digest() for other in others)}) == 4


def test_every_axis_is_planned_for_itself_as_it_would_be_alone():
    lengths = {"input": np.array([10] * 10 + [100]), "target": np.array([40, 5] + [5] * 9)}
    most = {"input": 128, "target": 40}
    planned = plan_axes(lengths, 2, most.get)
    # 10 rows of 10 tokens and one of 100: 16 and 112; 10 rows of 5 and one of 40, which may have no more: 16 and 40
    assert planned == {"input": (16, 112), "target": (16, 40)}


@pytest.mark.parametrize("group_by_length", [False, True])
def test_a_batch_is_as_long_as_its_longest_row_along_each_axis(group_by_length):
    rng = np.random.default_rng(3)
    lengths = {"input": rng.integers(1, 33, 60), "target": rng.integers(1, 33, 60)}
    planned = {"input": (16, 32), "target": (8, 16, 32)}
    batches = train_batches(lengths, planned, 8, 1, 0, group_by_length)
    assert sorted(np.concatenate([batch.rows for batch in batches])) == list(range(60))
    assert sum(len(batch.rows) < 8 for batch in batches) <= 1
    for batch in [*batches, *eval_batches(lengths, planned, 8)]:
        for axis in planned:
            longest = max(lengths[axis][batch.rows])
            assert batch.lengths[axis] == min(step for step in planned[axis] if step >= longest)


def test_grouped_batches_hold_rows_that_are_alike_along_both_axes():
    lengths = {"input": [5] * 16 + [20] * 16, "target": [3, 30] * 16}
    batches = train_batches(lengths, {"input": (16, 32), "target": (16, 32)}, 8, 1, 0, group_by_length=True)
    found = sorted(tuple(batch.lengths.values()) for batch in batches)
    assert found == [(16, 16), (16, 32), (32, 16), (32, 32)]


def test_evaluation_begins_with_the_row_of_the_most_tokens_over_all_axes():
    batches = eval_batches({"input": [9, 2, 5], "target": [1, 3, 6]}, {"input": (16,), "target": (16,)}, 1)
    assert [int(batch.rows[0]) for batch in batches] == [2, 0, 1]


def test_an_axis_has_the_length_that_a_setting_of_its_name_allows():
    assert DataConfig(max_seq_length=64).max_length("input") == 64
    with pytest.raises(ConfigError, match="unknown key 'data.max_target_length'"):
        DataConfig().max_length("target")
