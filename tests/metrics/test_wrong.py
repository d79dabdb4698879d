"""Which line a place names, by places as the readers write them."""

import pytest

from tasklab.metrics.wrong import line_of


@pytest.mark.parametrize(("place", "line"), [
    ("data/dev.tsv:12", "12"),
    (r"C:\data\dev.tsv:12", "12"),
    ("dev-v1.1.json: data[3].paragraphs[0].qas[1]", "data[3].paragraphs[0].qas[1]"),
    ("c3.json: [3][1][0]", "[3][1][0]"),
    ("dev.jsonl:7: questions[2]", "7"),
    ("folder/dev.parquet[5]", "5"),
    ("input[4]", "4"),
    ("", ""),
])  # fmt: skip
def test_a_line_is_a_number_where_there_is_one(place, line):
    assert line_of(place) == line
