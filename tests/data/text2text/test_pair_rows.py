"""Rows with two axes, walked by hand: a is 1, b is 2, ...; 10 begins a text, 11 ends it."""

import numpy as np
import pytest

from tasklab.data.rows.compose import NoRoom
from tasklab.data.text2text.pairs import Pair
from tasklab.data.text2text.rows import Framing, pair_rows


class Letters:
    bos_id, eos_id = 10, 11

    def __init__(self, adds_bos=True):
        self.adds_bos = adds_bos

    def encode_batch(self, texts):
        return [(np.array([ord(c) - 96 for c in text], np.int32), np.zeros((len(text), 2), np.int32)) for text in texts]


PAIRS = [Pair("0", "ab", ("ab",), ("c", "de")), Pair("1", "a", ("a",), ("b",))]


def rows_of(framing, most=9, most_target=9):
    return pair_rows(framing, PAIRS, most, most_target)


@pytest.mark.parametrize(
    "adds_bos, start, source, read, said",
    [
        (True, 10, [10, 1, 2, 11], [10, 4, 5], [4, 5, 11]),  # UER-py's: the token that begins a text is the start
        (False, 0, [1, 2, 11], [0, 4, 5], [4, 5, 11]),  # T5's: padding is the start
        (True, 11, [10, 1, 2, 11], [11, 10, 4, 5], [10, 4, 5, 11]),  # BART's: the end is, and what begins a text said
    ],
)
def test_a_row_per_reference(adds_bos, start, source, read, said):
    framing = Framing(Letters(adds_bos), Letters(adds_bos), start)
    rows = rows_of(framing)
    assert len(rows) == 3 and rows["example"].tolist() == [0, 0, 1]
    found = rows.row(1)
    assert found["input_ids"].tolist() == source
    assert found["decoder_input_ids"].tolist() == read and found["target_ids"].tolist() == said
    assert framing.prompt == [token for token in read if token > 9 or token == 0]


def test_each_axis_is_padded_on_its_own_and_has_its_mask():
    rows = rows_of(Framing(Letters(), Letters(), 10))
    assert {axis: own.tolist() for axis, own in rows.lengths.items()} == {"input": [4, 4, 3], "target": [2, 3, 2]}
    batch = rows.batch([1, 2], {"input": 5, "target": 4}, 2)
    assert batch["input_ids"].tolist() == [[10, 1, 2, 11, 0], [10, 1, 11, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 0, 0]]
    assert batch["target_ids"].tolist() == [[4, 5, 11, -1], [2, 11, -1, -1]]
    assert batch["target_attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 0, 0]]


def test_what_is_cut_keeps_its_end_and_is_counted():
    rows = rows_of(Framing(Letters(), Letters(), 10), most=3, most_target=2)
    assert rows.info == {"cut_sources": 1, "cut_targets": 1}
    assert rows.row(1)["input_ids"].tolist() == [10, 1, 11]
    assert rows.row(1)["target_ids"].tolist() == [4, 11]
    with pytest.raises(NoRoom):
        rows_of(Framing(Letters(), Letters(), 10), most=2)
