"""Starts and ends into spans, by the examples of the method's own code and by hand."""

import pytest

from tasklab.metrics.extraction import heard_spans
from tasklab.metrics.pairing import paired


@pytest.mark.parametrize(
    "starts, ends, spans",
    [
        ([1, 2, 10], [4, 12], [(2, 4), (10, 12)]),  # the nearest start on the left
        ([3], [3], [(3, 3)]),
        ([1, 3], [3], [(3, 3)]),
        ([1], [2, 4], [(1, 2)]),  # a start is used once
        ([5], [2, 4], []),  # ends alone
        ([], [1], []), ([1], [], []),
        ([1, 4], [2, 2 + 3], [(1, 2), (4, 5)]),
    ],
)  # fmt: skip
def test_each_end_takes_the_nearest_start_that_is_free(starts, ends, spans):
    assert paired(starts, ends) == spans


@pytest.mark.parametrize(
    "starts, ends, spans",
    [
        ([0], [0, 1], [(0, 0), (0, 1)]),  # 汉 and 汉族
        ([1, 2, 10], [4, 12], [(1, 4), (2, 4), (10, 12)]),  # the start that another one hid keeps the end behind it
        ([0, 5], [1, 3, 6, 9], [(0, 1), (0, 3), (5, 6), (5, 9)]),
        ([5], [2, 4], []), ([], [1], []), ([1], [], []), ([7], [2, 9], [(7, 9)]),
    ],
)  # fmt: skip
def test_nested_spans_share_a_start_or_an_end(starts, ends, spans):
    assert paired(starts, ends, nested=True) == spans


def test_strings_of_training_are_met_again_the_longest_first():
    known = [("city", "York"), ("city", "New York"), ("person", "Ann")]
    asked = [("city", "New York and York"), ("person", "York"), ("colour", "Ann")]
    assert heard_spans(known, asked) == [[("city", 0, 8), ("city", 13, 17)], [], []]
