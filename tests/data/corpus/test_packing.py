"""Rows of a corpus: by hand, and against a packer that goes line by line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.corpus.packing import PACKINGS, pack

ENDS = np.array([3, 5, 9, 10])  # lines of 3, 2, 4 and 1 tokens; the third begins a document
DOCUMENTS = np.array([0, 2])


@pytest.mark.parametrize("packing, size, offsets", [
    ("full_sentences", 5, [0, 5, 10]),
    ("full_sentences", 6, [0, 5, 10]),
    ("full_sentences", 9, [0, 9, 10]),
    ("document", 9, [0, 5, 10]),
    ("document", 3, [0, 3, 5, 8, 10]),  # the line of four: three and one, which takes the last line in
    ("line", 9, [0, 3, 5, 9, 10]),
    ("line", 3, [0, 3, 5, 8, 9, 10]),
    ("continuous", 4, [0, 4, 8, 10]),
])  # fmt: skip
def test_rows_by_hand(packing, size, offsets):
    assert pack(ENDS, DOCUMENTS, size, packing).tolist() == offsets


def slow_pack(lengths, documents, size, packing):
    rows, row = [], 0
    for line, length in enumerate(lengths):
        if packing == "line" or packing == "document" and line in documents:
            rows.append(row)
            row = 0
        while length:
            piece = min(size, length)
            if row + piece > size:
                rows.append(row)
                row = 0
            row, length = row + piece, length - piece
            if packing == "line":
                rows.append(row)
                row = 0
    return [n for n in (*rows, row) if n]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_is_dropped_and_rows_are_those_of_a_slow_packer(data):
    lengths = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=30))
    documents = sorted({0, *data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=5))})
    size, packing = data.draw(st.integers(1, 15)), data.draw(st.sampled_from(PACKINGS))
    offsets = pack(np.cumsum(lengths), np.array(documents), size, packing)
    assert offsets[0] == 0 and offsets[-1] == sum(lengths)
    rows = np.diff(offsets)
    assert rows.min() > 0 and rows.max() <= size
    if packing != "continuous":
        assert rows.tolist() == slow_pack(lengths, documents, size, packing)
