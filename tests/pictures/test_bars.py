"""What bars of scores show."""

from matplotlib.colors import to_hex

from tasklab.pictures.bars import bars_figure
from tasklab.pictures.canvas import COLOURS

GROUPS = {
    "question word": {"who": {"exact_match": 50.0, "f1": 75.0, "count": 1200}, "why": {"exact_match": 0.0, "f1": 20.0,
                      "count": 3}},
    "length": {"1": {"exact_match": 10.0, "f1": 100.0, "count": 40}},
}  # fmt: skip


def test_every_group_has_a_panel_and_every_part_a_bar_per_score():
    words, lengths = bars_figure(GROUPS, "run", 100.0).axes
    assert words.get_title(loc="left") == "By question word" and lengths.get_title(loc="left") == "By length"
    assert [label.get_text() for label in words.get_yticklabels()] == ["who  (1,200)", "why  (3)"]
    assert words.get_xlabel() == "score (%)" and words.get_xlim()[0] == 0 and 100 < words.get_xlim()[1] < 120
    drawn = [bar for bar in words.patches if bar.get_width() or to_hex(bar.get_facecolor()) == "#ffffff"]
    assert sorted(bar.get_width() for bar in drawn) == [0.0, 20.0, 50.0, 75.0]
    told = [text.get_text() for text in words.texts]
    assert told == ["50.0", "0.0", "75.0", "20.0", "hollow: fewer than 10 examples"]


def test_bars_of_few_examples_are_hollow():
    words, _ = bars_figure(GROUPS, "run", 100.0).axes
    filled = {bar.get_width(): to_hex(bar.get_facecolor()).upper() for bar in words.patches if bar.get_width()}
    assert filled == {50.0: COLOURS[0], 75.0: COLOURS[1], 20.0: "#FFFFFF"}


def test_of_very_many_parts_the_largest_are_drawn():
    parts = {f"type {i}": {"f1": 0.5, "count": i} for i in range(100)}
    (panel,) = bars_figure({"type": parts}, "run", 1.0).axes
    names = [label.get_text() for label in panel.get_yticklabels()]
    assert len(names) == 40 and names[0] == "type 60  (60)" and names[-1] == "type 99  (99)"
    assert panel.get_xlabel() == "score (0 to 1)"
