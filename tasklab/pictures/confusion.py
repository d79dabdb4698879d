"""A confusion matrix as a picture: counts in the cells, what is right in blue and what is wrong in orange, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tasklab.pictures.canvas import FAINT, INK, plain, sheet
from tasklab.pictures.fonts import shown, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZES = ((6, 0.68, 10), (10, 0.56, 9), (16, 0.46, 8), (25, 0.38, 7), (50, 0.3, 5.5))
"""(classes up to which, inches of a cell, points of its count)."""
WIDEST = 14  # inches of the cells of more classes, which have neither counts nor names
DARK = 0.55  # share from which a count is written in white


def confusion_figure(confusion: np.ndarray, labels: Sequence[str], title: str, scores: str = "") -> Figure:
    """Rows are the truth, columns the answers; beside them their sums, and the share that is right of each.

    Args:
        confusion: [C, C] counts; the more of a row stand in a cell, the darker it is.
        labels: of more than 50 classes none is named.
        scores: a line below the title.
    """
    count = len(labels)
    cell, points = next(((inches, size) for most, inches, size in SIZES if count <= most), (WIDEST / count, 0))
    names, fonts, without = shown(labels, "class")
    if without or not points:
        why = f"{without} names need a font that is not installed" if points else f"no room for {count} names"
        scores = "\n".join(filter(None, [scores, f"{why}: class n is the n-th of classes.json"]))
    room = 0.08 * max(map(width, names)) if points else 0.4  # inches of the longest name
    side = (count + 2 * bool(points)) * cell
    figure = sheet(max(4.6, side + room + 0.9), side + room + 1.3, title, scores)
    panel = figure.add_subplot()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    right = np.eye(count, dtype=bool)
    for cells, colours in ((right, "Blues"), (~right & (confusion > 0), "Oranges")):
        places = (0.5, count + 0.5, count + 0.5, 0.5)
        panel.imshow(np.ma.masked_where(~cells, shares), cmap=colours, vmin=0, vmax=1, extent=places)
    panel.xaxis.tick_top()
    panel.xaxis.set_label_position("top")
    panel.set_xlabel("answer", fontsize=10, color=INK)
    panel.set_ylabel("truth", fontsize=10, color=INK)
    panel.tick_params(length=0, colors=INK)
    panel.spines[:].set_visible(False)
    if points:
        _write_counts(panel, confusion, shares, points)
        _write_sums(panel, confusion, points)
        ticks, size = range(1, count + 3), max(6, points - 1)
        names = [plain(name) for name in names]
        turned = 90 if room > cell or cell < 0.6 else 0
        panel.set_xticks(ticks, [*names, "total", "recall %"], rotation=turned, fontsize=size, family=fonts)
        panel.set_yticks(ticks, [*names, "total", "precision %"], fontsize=size, family=fonts)
    return figure


def _write_counts(panel: Axes, confusion: np.ndarray, shares: np.ndarray, points: float):
    count = len(confusion)
    panel.set_xticks(np.arange(count + 1) + 0.5, minor=True)
    panel.set_yticks(np.arange(count + 1) + 0.5, minor=True)
    panel.tick_params(which="minor", length=0, top=False)
    panel.grid(which="minor", color="white", linewidth=1)
    for row, column in np.argwhere(confusion):
        colour = "white" if shares[row, column] > DARK else INK
        _write(panel, column + 1, row + 1, f"{confusion[row, column]}", points, colour)


def _write_sums(panel: Axes, confusion: np.ndarray, points: float):
    """Two more columns and rows: how many there are of each, and which share of them is right."""
    count, hits = len(confusion), np.diagonal(confusion)
    for axis in (0, 1):
        sums = confusion.sum(axis=1 - axis)  # of rows: what is wanted; of columns: what was answered
        for place in np.arange(count):
            right = f"{hits[place] / sums[place]:.0%}".rstrip("%") if sums[place] else "–"
            for behind, text in enumerate((f"{sums[place]}", right)):
                at = (count + 1 + behind, place + 1)
                _write(panel, *(at if axis == 0 else at[::-1]), text, points, FAINT if behind else INK)
    _write(panel, count + 1, count + 1, f"{confusion.sum()}", points, INK)
    _write(panel, count + 2, count + 2, f"{hits.sum() / max(1, confusion.sum()):.0%}", points, INK, "bold")
    for line in (panel.axhline, panel.axvline):
        line(count + 0.5, color=FAINT, linewidth=0.8)
    panel.set_xlim(0.5, count + 2.5)
    panel.set_ylim(count + 2.5, 0.5)


def _write(panel: Axes, x: float, y: float, text: str, points: float, colour: str, weight: str = "normal"):
    size = points * min(1, 4.5 / len(text))  # what is longer than four digits is smaller
    panel.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, weight=weight)
