"""What `predict` takes for texts."""

import pytest

from tasklab.data.texts.input import text_examples_from_input
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError


def texts(given, **settings):
    data = TextDataConfig()
    for key, value in settings.items():
        data[key] = value
    examples = text_examples_from_input(given, data, "single_label_classification")
    return [(e.text_a, e.text_b) for e in examples]


@pytest.mark.parametrize(
    "given, expected",
    [
        ("A", [("A", None)]),
        ("A\tB", [("A", "B")]),
        (("A", "B"), [("A", "B")]),
        (["A", "B"], [("A", None), ("B", None)]),
        ([("A", "B"), ["C", "D"]], [("A", "B"), ("C", "D")]),
        ({"text_a": "A", "text_b": "B"}, [("A", "B")]),
        ([{"question": "A", "sentence": "B", "label": 1}], [("A", "B")]),
        ("see notes in a.txt", [("see notes in a.txt", None)]),
    ],
)
def test_every_form_is_understood(given, expected):
    assert texts(given) == expected


def test_files_are_tables_and_txt_is_one_text_per_line(tmp_path):
    (tmp_path / "a.tsv").write_text("index\tsentence1\tsentence2\n0\tA\tB\n")
    (tmp_path / "a.txt").write_text("A\r\nB\tC\n")
    assert texts(tmp_path / "a.tsv") == [("A", "B")]
    assert texts(str(tmp_path / "a.txt")) == [("A", None), ("B", "C")]
    assert texts(tmp_path / "a.txt", columns=["x", "text"], text_a="text", on_bad_row="skip") == [("C", None)]


@pytest.mark.parametrize(
    "given, expected",
    [
        (["A", ""], r"input\[1\]: a text is empty; expected \"a text\""),
        (["A", 3], r"input\[1\]: is int"),
        (3, "input is int"),
        ({"body": "A"}, r"input\[0\]: no text in the keys body"),
        ({"text_a": None}, r"input\[0\]: a text is NoneType"),
        ("A\tB\tC", r"input\[0\]: has 2 tabs"),
        ("missing.tsv", "missing.tsv: no such file"),
    ],
)
def test_what_cannot_be_used_names_its_position(given, expected):
    with pytest.raises(DataError, match=expected):
        texts(given)


def test_rows_left_out_of_a_file_are_told(tmp_path, caplog):
    (tmp_path / "a.tsv").write_text("text\tlabel\nA\t1\n \t1\n")
    assert texts(tmp_path / "a.tsv", on_bad_row="skip") == [("A", None)]
    assert "a.tsv: left out 1: empty text (1); first: " in caplog.text
