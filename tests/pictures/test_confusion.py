"""What a picture of a confusion matrix shows: counts, sums, shares, and names of every kind."""

import io
import struct

import numpy as np
import pytest

from tasklab.pictures.confusion import confusion_figure
from tasklab.pictures.fonts import shown


def size(figure) -> tuple[int, int]:
    """Pixels, as the IHDR chunk says (PNG specification, 11.2.2)."""
    return struct.unpack(">II", figure._repr_png_()[16:24])


def written(figure) -> dict:
    """(column, row) -> text in the cells of the only panel."""
    (panel,) = figure.axes
    return {text.get_position(): text.get_text() for text in panel.texts}


def test_counts_sums_recall_and_precision_stand_where_they_belong():
    figure = confusion_figure(np.array([[3, 1], [0, 4]]), ["no", "yes"], "run", "accuracy 0.8750")
    assert written(figure) == {  # rows are the truth; of 4 "no" 3 are found, of 5 answers "yes" 4 are right
        (1, 1): "3", (2, 1): "1", (2, 2): "4", (3, 1): "4", (3, 2): "4", (4, 1): "75", (4, 2): "100",
        (1, 3): "3", (2, 3): "5", (1, 4): "100", (2, 4): "80", (3, 3): "8", (4, 4): "88%",
    }  # fmt: skip
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_xticklabels()] == ["no", "yes", "total", "recall %"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["no", "yes", "total", "precision %"]
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("answer", "truth")
    assert figure.get_suptitle() == "run\naccuracy 0.8750"


def test_a_class_that_never_occurs_has_no_share():
    assert written(confusion_figure(np.array([[2, 0], [0, 0]]), ["a", "b"], "run"))[4, 2] == "–"


@pytest.mark.parametrize("count", [2, 15, 50, 51, 300])
def test_any_number_of_classes_has_a_bearable_size(count):
    matrix = np.random.default_rng(0).integers(0, 50, (count, count))
    figure = confusion_figure(matrix, [f"class number {i}" for i in range(count)], "run")
    assert all(400 < side < 2600 for side in size(figure))
    assert len(figure.axes[0].get_xticklabels()) == count + 2 or count > 50
    assert ("no room for" in figure.get_suptitle()) == (count > 50)


def test_names_without_a_font_are_numbered_and_told(monkeypatch, recwarn):
    from matplotlib.font_manager import fontManager

    from tasklab.pictures import fonts

    monkeypatch.setattr(fontManager, "ttflist", [f for f in fontManager.ttflist if f.name == "DejaVu Sans"])
    fonts._fonts_for.cache_clear()
    figure = confusion_figure(np.eye(3, dtype=int), ["体育", "plain", "财经"], "run")
    figure.savefig(io.BytesIO())
    fonts._fonts_for.cache_clear()
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names[:3] == ["class 1", "plain", "class 3"]
    assert "2 names need a font that is not installed: class n is the n-th of classes.json" in figure.get_suptitle()
    assert not [w for w in recwarn if "missing from font" in str(w.message)]


def test_the_first_installed_font_that_has_the_characters_is_taken(monkeypatch):
    from matplotlib.font_manager import FontEntry, fontManager

    from tasklab.pictures import fonts

    known = {"one.ttf": "abc", "two.ttf": "体育", "three.ttf": "体"}
    names = {"DejaVu Sans": "one.ttf", "B": "two.ttf", "A": "three.ttf"}
    entries = [FontEntry(name=name, fname=file) for name, file in names.items()]
    monkeypatch.setattr(fontManager, "ttflist", entries)
    monkeypatch.setattr(fonts, "_characters", lambda path: frozenset(map(ord, known[path])))
    fonts._fonts_for.cache_clear()
    assert shown(["ab", "体育", "é"], "class") == (["ab", "体育", "class 3"], ["DejaVu Sans", "A", "B"], 1)
    fonts._fonts_for.cache_clear()


def test_long_names_keep_what_tells_them_apart():
    long = ["customer_service_refund_request_denied", "customer_service_refund_request_granted", "short"]
    names, _, without = shown(long, "class")
    assert without == 0 and len(set(names)) == 3 and names[2] == "short"
    assert all(name.startswith("customer_ser") and "…" in name and len(name) <= 26 for name in names[:2])
    same = ["x" * 30 + middle + "y" * 30 for middle in "ab"]  # they differ in the middle only
    assert len(set(shown(same, "class")[0])) == 2


def test_names_are_no_formulas():
    figure = confusion_figure(np.eye(2, dtype=int), ["$a^", "$b$"], "$x$")
    assert size(figure) and [label.get_text() for label in figure.axes[0].get_xticklabels()][:2] == [r"\$a^", r"\$b\$"]
