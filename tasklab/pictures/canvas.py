"""The sheet that pictures are drawn on: a figure apart from pyplot, colours, and texts that are no formulas."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING

from tasklab.pictures.fonts import drawable
from tasklab.replacing import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D3A9B", "#000000")
"""Told apart by people who see colours differently, and on a grey printer in pairs (Okabe and Ito 2008; its yellow,
which is lost on white, is a violet here)."""
INK, FAINT, GRID = "#333333", "#767676", "#E3E3E3"
DPI = 120


def sheet(width: float, height: float, title: str, below: str = "") -> Figure:
    """An empty figure in inches with a title, and a line below it; notebooks show it, `save` writes it."""
    figure = _picture()(figsize=(width, height), layout="constrained", dpi=DPI)
    second = f"\n{plain(below)}" if below else ""
    figure.suptitle(plain(title) + second, fontsize=11, color=INK)
    return figure


def save(figure: Figure, path: Path):
    """Writes a PNG. Raises: OSError as `replacing` does."""
    with replacing(path) as aside:
        figure.savefig(aside, format="png")


def dressed(panel, title: str, across: str, up: str):
    """A panel with its texts, light lines behind what is drawn, and no frame but the axes."""
    panel.set_title(plain(title), fontsize=10, color=INK, loc="left")
    panel.set_xlabel(across, fontsize=9, color=INK)
    panel.set_ylabel(plain(up), fontsize=9, color=INK)
    panel.tick_params(labelsize=8, colors=INK)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(FAINT)
    panel.grid(color=GRID, linewidth=0.8)
    panel.set_axisbelow(True)


def legend(panel, **where):
    """What the lines are, on a patch that keeps it readable where lines run behind it."""
    panel.legend(fontsize=8, labelcolor=INK, facecolor="white", edgecolor="none", framealpha=0.85, **where)


def plain(text: str) -> str:
    """The text as it is: a pair of dollars would make a formula of what is between them, a first _ hides a line."""
    return (" " if text.startswith("_") else "") + text.replace("$", r"\$")


@functools.cache
def _picture() -> type[Figure]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no pyplot: no global figures, no display
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    class Picture(Figure):
        """A figure that a notebook shows once, with pyplot or without, and whose texts have a font or a question mark
        for every character."""

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            FigureCanvasAgg(self)

        def draw(self, renderer):
            for text in self.findobj(Text):
                if not text.get_text().isascii():
                    legible, families = drawable(text.get_text())
                    text.set(text=legible, family=families)
            super().draw(renderer)

        def _repr_png_(self) -> bytes:
            written = io.BytesIO()
            self.savefig(written, format="png")
            return written.getvalue()

    return Picture
