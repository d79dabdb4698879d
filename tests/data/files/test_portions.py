"""Inputs in portions."""

import pytest

from tasklab.data.files.portions import in_portions


@pytest.mark.parametrize("count, sizes", [(0, []), (3, [3]), (8, [8]), (9, [4, 5]), (16, [4, 4, 8])])
def test_no_portion_is_small_unless_it_is_all(count, sizes):
    portions = list(in_portions(range(count), 4))
    assert [len(portion) for portion in portions] == sizes and sum(portions, []) == list(range(count))
