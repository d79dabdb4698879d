"""Columns, padding and files of FeatureTable against plain Python lists."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged

ROWS = [
    {"input_ids": [7, 8, 9], "token_type_ids": [0, 1, 1], "char_start": [4], "label": 2},
    {"input_ids": [5], "token_type_ids": [0], "char_start": [], "label": 0},
    {"input_ids": [1, 2], "token_type_ids": [1, 0], "char_start": [6, 7, 8], "label": 1},
]


def table():
    return FeatureTable.from_rows(ROWS, axes={"char_start": None})


def as_lists(features):
    return [{k: np.asarray(v).tolist() for k, v in features.row(i).items()} for i in range(len(features))]


def test_rows_come_back_as_they_went_in():
    assert as_lists(table()) == ROWS
    assert table().lengths["input"].tolist() == [3, 1, 2]
    assert table()["label"].tolist() == [2, 0, 1]
    assert table()["char_start"].row(2).tolist() == [6, 7, 8]


def test_a_batch_is_padded_with_zeros_and_a_filler_has_no_weight():
    batch = table().batch([2, 0], {"input": 4}, batch_size=3)
    assert batch["input_ids"].tolist() == [[1, 2, 0, 0], [7, 8, 9, 0], [0, 0, 0, 0]]
    assert batch["token_type_ids"].tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]]
    assert batch["label"].tolist() == [1, 2, 0]
    assert batch["sample_weight"].tolist() == [1.0, 1.0, 0.0]
    assert {name: str(column.dtype) for name, column in batch.items()} == {
        "input_ids": "int32", "token_type_ids": "int32", "attention_mask": "int32", "label": "int32",
        "sample_weight": "float32",
    }  # fmt: skip


def test_columns_can_be_chosen():
    batch = table().batch([0], {"input": 3}, 1, columns=["token_type_ids", "attention_mask", "label"])
    assert sorted(batch) == ["attention_mask", "label", "sample_weight", "token_type_ids"]
    with pytest.raises(ValueError, match="'char_start' runs along None, for which the batch has no length, only"):
        table().batch([0], {"input": 3}, 1, columns=["char_start"])


def test_float_labels_stay_floats():
    features = FeatureTable.from_rows([{"input_ids": [1], "label": 0.25}])
    assert features.batch([0], {"input": 1}, 2)["label"].tolist() == [0.25, 0.0]


def test_a_row_longer_than_the_batch_is_an_error_naming_it():
    with pytest.raises(ValueError, match="row 0 has 3 values in 'input_ids', the batch only 2"):
        table().batch([1, 0], {"input": 2}, batch_size=2)
    with pytest.raises(ValueError, match="3 rows do not fit a batch of 2"):
        table().batch([0, 1, 2], {"input": 4}, batch_size=2)


def test_select_follows_list_order():
    assert as_lists(table().select([2, 0])) == [ROWS[2], ROWS[0]]
    assert as_lists(table().select(slice(0, 2))) == ROWS[:2]


def test_info_travels_with_the_file(tmp_path):
    stored = table()
    stored.info = {"cut": 2, "lost": 5}
    stored.save(tmp_path / "rows")
    loaded = FeatureTable.load(tmp_path / "rows")
    assert loaded.info == {"cut": 2, "lost": 5}
    assert as_lists(loaded) == ROWS
    assert loaded["input_ids"].values.dtype == np.int32


def test_columns_of_unequal_rows_are_refused():
    with pytest.raises(ValueError, match="equally many rows"):
        FeatureTable({"input_ids": Ragged(np.arange(3), np.array([0, 3]))}, {"label": np.arange(2)})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=8), st.data())
def test_any_batch_equals_padding_by_hand(sequences, data):
    features = FeatureTable.from_rows([{"input_ids": s} for s in sequences])
    rows = data.draw(st.lists(st.integers(0, len(sequences) - 1), max_size=5))
    batch = features.batch(rows, {"input": 6}, 5)
    for i, row in enumerate(rows):
        assert batch["input_ids"][i].tolist() == sequences[row] + [0] * (6 - len(sequences[row]))
        assert batch["attention_mask"][i].sum() == len(sequences[row])
    assert batch["input_ids"][len(rows) :].sum() == 0


def test_a_dense_column_may_hold_several_numbers_per_row(tmp_path):
    ragged = {"input_ids": Ragged(np.arange(3), np.array([0, 1, 3]))}
    features = FeatureTable(ragged, {"labels": np.array([[1.0, 0.0], [0.5, 0.25]])})
    assert features.batch([1], {"input": 2}, batch_size=2)["labels"].tolist() == [[0.5, 0.25], [0.0, 0.0]]
    features.save(tmp_path / "rows")
    assert FeatureTable.load(tmp_path / "rows").select([1])["labels"].tolist() == [[0.5, 0.25]]


def table_of_parts():
    """Two rows of three parts; the first row has only two of them."""
    ids = Ragged(np.array([1, 2, 3, 4, 5, 6, 7, 8]), np.array([0, 2, 3, 3, 4, 7, 8]))
    return FeatureTable({"input_ids": ids, "token_type_ids": ids}, {"labels": np.array([1, 2])}, {"cut": 1}, 3)


def test_rows_of_several_parts_give_batches_with_an_axis_more():
    table = table_of_parts()
    assert len(table) == 2 and table.lengths["input"].tolist() == [2, 3]
    assert [part.tolist() for part in table.row(0)["input_ids"]] == [[1, 2], [3], []]
    batch = table.batch([1, 0], {"input": 4}, batch_size=3)
    assert batch["input_ids"].tolist() == [
        [[4, 0, 0, 0], [5, 6, 7, 0], [8, 0, 0, 0]], [[1, 2, 0, 0], [3, 0, 0, 0], [0] * 4], [[0] * 4] * 3,
    ]  # fmt: skip
    # a part that is not there attends to nothing, a filler to its first position
    assert batch["attention_mask"].sum(axis=2).tolist() == [[1, 3, 1], [2, 1, 0], [1, 1, 1]]
    assert batch["labels"].tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="row 1 has 3 values in 'input_ids', the batch only 2"):
        table.batch([0, 1], {"input": 2}, batch_size=2)


def test_parts_stay_together_when_rows_are_chosen_and_stored(tmp_path):
    table = table_of_parts()
    table.select([1, 0, 1]).save(tmp_path / "rows")
    loaded = FeatureTable.load(tmp_path / "rows")
    assert loaded.sequences == 3 and loaded.lengths["input"].tolist() == [3, 2, 3]
    assert [part.tolist() for part in loaded.row(2)["input_ids"]] == [[4], [5, 6, 7], [8]]
    with pytest.raises(ValueError, match="equally many rows"):
        FeatureTable(dict(table.ragged), dict(table.dense), sequences=4)


def test_the_digest_is_that_of_the_bytes_written_out_by_hand():
    """Built from the documented layout with hashlib alone, so that no version of anything may change it."""
    features = FeatureTable({"input_ids": Ragged(np.array([7, 8], ">i4"), [0, 2])}, {"labels": np.array([1], np.int8)})
    wanted = hashlib.sha256(
        b'["axis/input_ids",["input",0]]\n["dense/labels","|i1",[1]]\n\x01'
        b'["offsets/input_ids","<i8",[2]]\n' + bytes([0] * 8 + [2] + [0] * 7) + b'["parts",1]\n'
        b'["ragged/input_ids","<i4",[2]]\n\x07\0\0\0\x08\0\0\0'
    )
    assert features.digest() == wanted.hexdigest()


def test_whatever_changes_a_batch_changes_the_digest_and_nothing_else_does(tmp_path):
    def made(ids=(7, 8, 9), ends=(0, 1, 3), kind=np.int32, labels=(1, 2), sequences=1, name="labels", info=()):
        ids = Ragged(np.array(ids, kind), np.array(ends))
        return FeatureTable({"input_ids": ids}, {name: np.array(labels)}, dict(info), sequences)

    others = [
        made(labels=(2, 1)), made(ids=(7, 9, 8)), made(ends=(0, 2, 3)), made(kind=np.int64), made(labels=(1.0, 2.0)),
        made(name="scores"), made(labels=(1,), sequences=2), made(labels=((1, 2), (3, 4))),
    ]  # fmt: skip
    assert len({made().digest(), *(other.digest() for other in others)}) == 1 + len(others)
    made().save(tmp_path / "rows")
    for same in (made(info={"cut": 3}), FeatureTable.load(tmp_path / "rows"), made().select([0, 1])):
        assert same.digest() == made().digest()
