"""What is wrong and what to do about it stay apart until somebody is told."""

import pytest

from tasklab.data.files.problems import BadRows
from tasklab.errors import DataError


def rows(*remedies):
    bad = BadRows("a.tsv")
    for number, remedy in enumerate(remedies, start=1):
        bad.add("empty", f"a.tsv:{number}: is empty", remedy)
    return bad


@pytest.mark.parametrize("remedy, told", [
    ("fill it", "a.tsv:1: is empty; fill it or set data.on_bad_row: skip"),
    ("fill it, take it out", "a.tsv:1: is empty; fill it, take it out, or set data.on_bad_row: skip"),
    ("", "a.tsv:1: is empty"),
])  # fmt: skip
def test_a_run_that_stops_is_told_that_rows_may_be_left_out(remedy, told):
    with pytest.raises(DataError) as raised:
        rows(remedy).raise_if_fatal()
    assert str(raised.value) == told


def test_a_command_without_configuration_has_another_way():
    with pytest.raises(DataError, match="2 problems: empty .2.\n  a.tsv:1: is empty; fill it or give --skip-bad"):
        rows("fill it", "fill it").raise_if_fatal("give --skip-bad")


def test_who_left_rows_out_is_not_told_to():
    assert rows("fill it", "").summary() == "left out 2: empty (2); first: a.tsv:1: is empty; fill it"
