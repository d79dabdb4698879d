"""A confusion matrix as one PNG: counts in the cells, shares of the wanted class as colour."""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasklab.replacing import replacing

WRITTEN = 25  # classes up to which every cell holds its count
NAMED = 60  # and up to which every class is named
LONGEST = 18  # characters of a name
FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei", "SimHei",
         "Microsoft YaHei", "PingFang SC")  # fmt: skip
"""Tried in this order for every character; matplotlib brings the first along."""


def draw_confusion(confusion: np.ndarray, labels: Sequence[str], path: Path, title: str):
    """Writes the picture; rows are the wanted classes, columns the predicted ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no pyplot: no global figures, no display
    from matplotlib.figure import Figure

    count = len(labels)
    side = 3.2 + min(count, NAMED) * (0.55 if count <= WRITTEN else 0.22)  # inches
    figure = Figure(figsize=(side + 0.8, side))
    FigureCanvasAgg(figure)
    panel = figure.add_subplot()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    picture = panel.imshow(shares, cmap="Oranges", vmin=0, vmax=1)
    figure.colorbar(picture, ax=panel, label="share of the wanted class", fraction=0.046)
    if count <= WRITTEN:
        for row, column in np.argwhere(confusion):
            dark = shares[row, column] > 0.6
            panel.text(
                column, row, f"{confusion[row, column]}", ha="center", va="center", fontsize=8,
                color="white" if dark else "black",
            )  # fmt: skip
    if count <= NAMED:
        fonts, known = _fonts()
        names = [name if known.issuperset(map(ord, name)) else f"class {i}" for i, name in enumerate(labels)]
        names = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in names]
        panel.set_xticks(range(count), names, rotation=90, fontsize=8, family=fonts)
        panel.set_yticks(range(count), names, fontsize=8, family=fonts)
    panel.set_xlabel("predicted")
    panel.set_ylabel("wanted")
    panel.set_title(title, fontsize=10)
    with replacing(path) as aside:
        figure.savefig(aside, dpi=120, bbox_inches="tight", format="png")


@functools.cache
def _fonts() -> tuple[list[str], set[int]]:
    """The installed ones of FONTS, and the characters they can draw together."""
    from matplotlib.font_manager import findfont, fontManager, get_font

    fonts = [name for name in FONTS if name in fontManager.get_font_names()]
    return fonts, {code for name in fonts for code in get_font(findfont(name)).get_charmap()}
