"""Rows put together by hand, and cuts against a loop that takes one token after the other."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.rows.compose import NoRoom, Segment, compose, fit, frame_size, framed, longest_first, text
from tasklab.data.rows.ragged import Ragged

BERT = SimpleNamespace(cls_id=101, sep_id=102, pair_separators=1, second_type=1)
ROBERTA = SimpleNamespace(cls_id=0, sep_id=2, pair_separators=2, second_type=0)
MASK, BOS, EOS = 103, 98, 99


def tokens(*texts):
    return Ragged(np.array([t for one in texts for t in one], np.int32), np.cumsum([0, *map(len, texts)]))


def rows(segments):
    ids, types = compose(segments)
    count = len(ids.offsets) - 1
    assert ids.values.dtype == np.int32 and types.values.dtype == np.int8
    return [ids.row(i).tolist() for i in range(count)], [types.row(i).tolist() for i in range(count)]


def test_a_prompt_holds_as_many_masks_as_each_row_asks_for():
    store, both = tokens([5, 6, 7, 9], [8]), np.array([0, 1])
    word = tokens([50, 51])  # "it was"
    segments = [
        Segment(BERT.cls_id, 1), text(store, both, cut=True), text(word, both * 0), Segment(MASK, np.array([1, 3])),
        Segment(BERT.sep_id, 1),
    ]  # fmt: skip
    assert rows(segments)[0] == [[101, 5, 6, 7, 9, 50, 51, 103, 102], [101, 8, 50, 51, 103, 103, 103, 102]]
    segments, shortened = fit(segments, 8)  # the text gives way, never the pattern or the masks
    assert rows(segments)[0] == [[101, 5, 6, 7, 50, 51, 103, 102], [101, 8, 50, 51, 103, 103, 103, 102]]
    assert shortened.tolist() == [True, False]


def test_prefix_source_and_target_of_a_generation():
    source, target, prefix = tokens([5, 6, 7, 8], [9]), tokens([1], [2, 3]), tokens([40])
    both = np.array([0, 1])
    segments = [
        text(prefix, both * 0), text(source, both, cut=True), Segment(BOS, 1, type=1),
        text(target, both)._replace(type=1), Segment(EOS, 1, type=1),
    ]  # fmt: skip
    found, _ = fit(segments, 6)
    assert rows(found) == ([[40, 5, 6, 98, 1, 99], [40, 9, 98, 2, 3, 99]], [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]])


def test_three_texts_and_those_that_a_row_does_not_have():
    store = tokens([5, 6], [7], [8], [])
    parts = [text(store, np.array(which)) for which in ([0, 3, 3], [1, 1, 3], [2, 2, 2])]
    present = [parts[0].length > 0, parts[1].length > 0, True]
    assert rows(framed(BERT, parts, present)) == (
        [[101, 5, 6, 102, 7, 102, 8, 102], [101, 7, 102, 8, 102], [101, 8, 102]],
        [[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0]],
    )
    ids, types = rows(framed(ROBERTA, parts, present))
    assert ids == [[0, 5, 6, 2, 2, 7, 2, 8, 2], [0, 7, 2, 2, 8, 2], [0, 8, 2]] and not any(map(any, types))


@pytest.mark.parametrize("tokenizer, sizes", [(BERT, (2, 3, 4)), (ROBERTA, (2, 4, 5))])
def test_the_size_of_a_frame_is_what_stands_around_empty_texts(tokenizer, sizes):
    empty = text(tokens([]), np.array([0]))
    for count, size in enumerate(sizes, start=1):
        assert frame_size(tokenizer, count) == len(rows(framed(tokenizer, [empty] * count))[0][0]) == size


def test_rows_that_cannot_fit_are_told_with_what_they_need():
    store = tokens([1, 2, 3], [4], [])
    segments = [text(store, np.array([0, 1, 1, 2]), cut=True), text(store, np.array([0, 0, 1, 0]))]
    with pytest.raises(NoRoom, match="2 rows do not fit; the longest needs 4 tokens") as found:
        fit(segments, 3)
    # the second text is never cut: 3 tokens and one of the first; where the first has none, 3 are enough
    assert found.value.rows.tolist() == [0, 1] and found.value.needed.tolist() == [4, 4]


def one_by_one(lengths, room):
    """Takes a token from the longest text, of equally long ones from the earliest, until all fit."""
    lengths = list(lengths)
    while sum(lengths) > room:
        lengths[lengths.index(max(lengths))] -= 1
    return lengths


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=1, max_size=8), st.integers(3, 20))
def test_the_longest_of_several_texts_loses_tokens_first(table, room):
    found = longest_first(np.array(table).T, np.full(len(table), room))
    for lengths, kept in zip(table, found.T.tolist(), strict=True):
        assert sorted(kept) == sorted(one_by_one(lengths, room)) and sum(kept) == min(room, sum(lengths))
        assert all(k <= n for k, n in zip(kept, lengths, strict=True))
