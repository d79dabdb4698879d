"""What columns hold by their values, each told by hand."""

import pytest

from tasklab.data.files.guesses import ID, LABEL, NUMBER, OTHER, TEXT, Held, best, held


@pytest.mark.parametrize("values, kind", [
    (["The app crashes.", "Where is my money?", "Thanks"], TEXT),
    (["a", "b", "a", "b"], LABEL),
    (["0", "1", "1", "0", "0"], LABEL),
    (["0.5", "1,25", "-3", "0.5", "7"], NUMBER),
    ([1, 2, 3], ID),
    (["T-1000", "T-1001", "T-1002"], ID),
    (["2026-01-10", "2026-06-11 10:00", "1.2.2026"], OTHER),
    ([[[0, 5, "PER"]], []], OTHER),
    ([None, "", float("nan")], OTHER),
    (["我喜歡這部電影", "很糟糕", "還可以"], TEXT),
    (["房间很干净，住了3天", "早餐难吃，第2次来了", "服务态度不错，给5分"], TEXT),
    (["订单1001", "订单1002", "订单1003"], ID),
    (["x" * 80, "y" * 80] * 3, TEXT),
])  # fmt: skip
def test_a_column_is_what_its_values_are(values, kind):
    assert held(values).kind == kind


def test_the_longest_text_and_the_fewest_labels_are_best_and_a_name_nearly_right_beats_both():
    columns = {"title": Held(TEXT, 9, 9), "body": Held(TEXT, 90, 9),
               "mood": Held(LABEL, 3, 2), "who": Held(LABEL, 3, 4)}  # fmt: skip
    assert best(columns, ["text"], TEXT, ()) == "body"
    assert best(columns, ["text"], TEXT, ["body"]) == "title"
    assert best(columns, ["label"], LABEL, ()) == "mood"
    assert best(columns | {"lable": Held(OTHER, 0, 0)}, ["label"], LABEL, ()) == "lable"
    assert best({"day": Held(OTHER, 10, 9)}, ["text"], TEXT, ()) is None
