"""Scores of parts of the examples as bars: by type, by question word, by length, by number of choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tasklab.pictures.canvas import COLOURS, FAINT, INK, dressed, legend, plain, sheet
from tasklab.pictures.fonts import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COUNT = "count"
"""Of the scores of a part: how many examples it has."""
MOST = 40  # parts of a panel; the largest ones are shown
FEW = 10  # examples below which a score says little
EMPTY = "#FFFFFF"

Table = Mapping[str, Mapping[str, float]]
"""Name of a part -> its scores, and COUNT."""


def bars_figure(groups: Mapping[str, Table], title: str, perfect: float) -> Figure:
    """A panel per group, a row per part, a bar per score; bars of a few examples are hollow."""
    groups = {name: _largest(table) for name, table in groups.items()}
    heights = [len(table) * _row(table) + 1.1 for table in groups.values()]
    figure = sheet(8.4, sum(heights) + 0.5, title)
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for (name, table), panel in zip(groups.items(), panels, strict=True):
        _draw(panel, name, table, perfect)
    return figure


def _draw(panel: Axes, name: str, table: Table, perfect: float):
    scores = [score for score in next(iter(table.values())) if score != COUNT]
    names, fonts, _ = shown(list(table), "part")
    places, thick = np.arange(len(table)), 0.8 / len(scores)
    for number, score in enumerate(scores):
        at = places + (number - (len(scores) - 1) / 2) * thick
        values = [part[score] for part in table.values()]
        full = [part[COUNT] >= FEW for part in table.values()]
        colour = COLOURS[number % len(COLOURS)]
        panel.barh(
            at, values, 0.9 * thick, color=[colour if enough else EMPTY for enough in full], edgecolor=colour,
            linewidth=0.8,
        )  # fmt: skip
        panel.barh(at[:1], [0], color=colour, label=plain(score))  # what the legend shows
        for place, value in zip(at, values, strict=True):
            text = f"{value:.1f}" if perfect == 100 else f"{value:.3f}"
            panel.text(value + 0.01 * perfect, place, text, va="center", fontsize=7, color=INK)
    dressed(panel, f"By {name}", f"score (0 to {perfect:g})" if perfect != 100 else "score (%)", "")
    panel.grid(visible=False, axis="y")
    panel.set_xlim(0, 1.09 * perfect)
    panel.set_xticks(np.linspace(0, perfect, 6))
    counts = [part[COUNT] for part in table.values()]
    rows = [f"{plain(name)}  ({count:,})" for name, count in zip(names, counts, strict=True)]
    panel.set_yticks(places, rows, fontsize=8, family=fonts)
    panel.set_ylim(len(table) - 0.4, -0.6)
    if len(scores) > 1:
        legend(panel, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(scores), borderaxespad=0.2)
    few = sum(count < FEW for count in counts)
    if few:
        panel.annotate(
            f"hollow: fewer than {FEW} examples", (1, 0), xycoords="axes fraction", ha="right", va="bottom", fontsize=7,
            color=FAINT,
        )  # fmt: skip


def _row(table: Table) -> float:
    """Inches of one."""
    return 0.12 + 0.16 * (len(next(iter(table.values()))) - 1)


def _largest(table: Table) -> Table:
    if len(table) <= MOST:
        return table
    kept = sorted(table, key=lambda name: -table[name][COUNT])[:MOST]
    return {name: part for name, part in table.items() if name in kept}
