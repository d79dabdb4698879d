"""Repeated tokens: which, how many, and the same ones again."""

import numpy as np
import pytest

from tasklab.data.rows.features import FeatureTable
from tasklab.data.rows.ragged import Ragged, row_offsets
from tasklab.data.rows.repetition import RepeatedRows

CLS, SEP = 2, 3


def twice(lengths, marks_inside=False):
    """A table of texts of so many tokens, each twice in a row; every token of a text has an id of its own."""
    texts = [[CLS, *range(10, 10 + n - 2), SEP] for n in lengths]
    if marks_inside:
        for text in texts:
            text[2:-2:2] = [SEP] * len(text[2:-2:2])
    values = np.array([i for text in texts for i in text * 2], np.int32)
    offsets = row_offsets(np.repeat(lengths, 2))
    columns = {"input_ids": Ragged(values, offsets), "token_type_ids": Ragged(values % 7, offsets)}
    return FeatureTable(columns, {"labels": np.arange(len(lengths))}, sequences=2)


def repeated(lengths, sides="one_side", rate=0.32, most=64, seed=1, epoch=0, **more):
    rows = RepeatedRows(twice(lengths, **more), [CLS, SEP], sides, rate, most, seed).of_epoch(epoch)
    return rows, rows.batch(np.arange(len(lengths)), {"input": int(rows.lengths["input"].max())}, len(lengths))


def real(batch, row, part, name="input_ids"):
    return batch[name][row, part][batch["attention_mask"][row, part] == 1].tolist()


def test_only_the_last_text_repeats_and_says_every_token_in_order():
    lengths = [12, 30, 7]
    rows, batch = repeated(lengths)
    for row, n in enumerate(lengths):
        ids = real(batch, row, 1)
        assert real(batch, row, 0) == [CLS, *range(10, 10 + n - 2), SEP]
        assert list(dict.fromkeys(ids)) == [CLS, *range(10, 10 + n - 2), SEP]
        assert ids[1:-1] == sorted(ids[1:-1])
        assert ids.count(CLS) == ids.count(SEP) == 1 and max(map(ids.count, ids)) <= 2
        assert real(batch, row, 1, "token_type_ids") == [i % 7 for i in ids]
        assert batch["attention_mask"][row, 1].sum() == len(ids)
    np.testing.assert_array_equal(batch["labels"], [0, 1, 2])


def test_both_sides_repeat_apart_from_each_other():
    _, batch = repeated([40] * 20, "both")
    sides = [[real(batch, row, part) for part in (0, 1)] for row in range(20)]
    assert any(len(one) > 40 for one, _ in sides) and sum(one != other for one, other in sides) > 15


@pytest.mark.parametrize("rate, n, most", [(0.32, 40, 12), (0.1, 40, 4), (0.01, 40, 2), (1.0, 12, 10)])
def test_the_rate_is_honoured_and_all_counts_are_drawn_alike(rate, n, most):
    # with rate 1 all 12 may be drawn, but two of them are marks
    rows, batch = repeated([n] * 3000, rate=rate, most=128)
    counts = batch["attention_mask"][:, 1].sum(axis=1) - n
    assert counts.min() == 0 and counts.max() == most
    drawn = np.bincount(counts, minlength=most + 1)
    even = 3000 / (max(2, int(rate * n)) + 1)
    assert abs(drawn[:most] - even).max() < 5 * even**0.5


def test_short_texts_and_full_rows_stay_as_they_are():
    rows, batch = repeated([5, 6, 16], most=16)
    assert rows.lengths["input"].tolist() == [5, 8, 16]
    assert [len(real(batch, row, 1)) for row in (0, 2)] == [5, 16]


def test_marks_inside_a_text_are_never_doubled():
    _, batch = repeated([41] * 50, rate=1.0, most=128, marks_inside=True)
    before = real(batch, 0, 0).count(SEP)
    assert before > 10
    assert all(real(batch, row, 1).count(SEP) == before for row in range(50))
    assert max(len(real(batch, row, 1)) for row in range(50)) > 50


def test_repetitions_follow_from_seed_epoch_and_row_alone():
    lengths = list(range(8, 60))
    rows, batch = repeated(lengths, seed=4, epoch=2)
    again = RepeatedRows(twice(lengths), [CLS, SEP], "one_side", 0.32, 64, 4).of_epoch(2)
    part = again.batch([30, 3], {"input": 64}, 4)
    for place, row in enumerate((30, 3)):
        assert real(part, place, 1) == real(batch, row, 1)
    assert part["sample_weight"].tolist() == [1, 1, 0, 0]
    for other in (dict(seed=5, epoch=2), dict(seed=4, epoch=3)):
        assert any(real(repeated(lengths, **other)[1], row, 1) != real(batch, row, 1) for row in range(20))
    assert rows.digest() == again.digest() != again.of_epoch(3).digest()


def test_lengths_are_the_most_of_any_epoch():
    lengths = [6, 12, 20, 33]
    rows, _ = repeated(lengths)
    longest = np.max([
        rows.of_epoch(epoch).batch(range(4), {"input": 64}, 4)["attention_mask"].sum(axis=2).max(axis=1)
        for epoch in range(300)
    ], axis=0)  # fmt: skip
    np.testing.assert_array_equal(rows.lengths["input"], longest)
