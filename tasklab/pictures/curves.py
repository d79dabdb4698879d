"""What a run has measured, over its steps: loss and the chosen metric in one picture, everything else in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from tasklab.pictures.canvas import COLOURS, FAINT, dressed, legend, plain, sheet
from tasklab.pictures.scales import Scale, is_drawn, scale_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = "optimizer step"
FEW = 40  # points up to which each has a mark
LINES = 2 * len(COLOURS)  # of a panel; more are on the next one
PANELS = 12  # of a picture
MOST = 1e100  # what a picture can show; a number beyond it is no measurement

Series = tuple[Sequence[int], Sequence[float]]
"""(steps, values)."""


@dataclass(frozen=True)
class RunCurves:
    """What there is to draw.

    records: those of metrics.jsonl. metric: the one that picks the best checkpoint. perfect: what a perfect score is,
    1, or 100 of percent. best_step: of the best checkpoint, None where there is none. baselines: name -> metrics.
    """

    title: str
    records: Sequence[Mapping]
    metric: str
    perfect: float = 1.0
    best_step: int | None = None
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def main(self) -> Figure | None:
        """Loss of training and evaluation beside the chosen metric; None where nothing was measured."""
        loss = {name: self.series(kind, "loss") for name, kind in (("training", "train"), ("evaluation", "evaluate"))}
        loss = {name: series for name, series in loss.items() if series[0]}
        metric = self.series("evaluate", self.metric)
        panels = [name for name, there in (("loss", loss), ("metric", metric[0])) if there]
        if not panels:
            return None
        figure = sheet(5.6 * len(panels), 4.2, self.title)
        for name, panel in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
            if name == "loss":
                self._draw_loss(panel, loss)
            else:
                self._draw_metric(panel, metric)
        return figure

    def rest(self) -> Figure | None:
        """A panel per unit for every other series; None where there is none."""
        panels = self._panels()[:PANELS]
        if not panels:
            return None
        columns = min(2, len(panels))
        rows = -(-len(panels) // columns)
        figure = sheet(6.6 * columns, 3.4 * rows, f"{self.title}: everything else")
        places = figure.subplots(rows, columns, squeeze=False).flat
        for (scale, lines), panel in zip(panels, places, strict=False):
            for number, (name, (steps, values)) in enumerate(lines.items()):
                panel.plot(
                    steps, values, label=plain(name), color=COLOURS[number % len(COLOURS)], linewidth=1.6,
                    linestyle=("-", "--")[number // len(COLOURS)], **_marks(steps),
                )  # fmt: skip
            alone = len(lines) == 1 and scale.shared
            dressed(panel, next(iter(lines)) if alone else scale.panel, STEPS, scale.unit)
            self._from_zero(panel, scale.limits)
            if len(lines) > 1:
                legend(panel, loc="center left", bbox_to_anchor=(1.0, 0.5))
        for panel in places:
            panel.set_visible(False)
        return figure

    def series(self, kind: str, name: str) -> Series:
        """The values of one name; counts, and what is no number, are none."""
        points = {}
        for record in self.records:
            value, step = record.get(name), record.get("global_step")
            if record.get("kind") == kind and isinstance(value, float) and abs(value) < MOST and _is_step(step):
                points[step] = value
        return list(points), list(points.values())

    def _panels(self) -> list[tuple[Scale, dict[str, Series]]]:
        """The scale of each panel, and its lines by name."""
        shared: dict[str, tuple[list[Scale], dict[str, Series]]] = {}
        for kind in ("evaluate", "train"):
            names = dict.fromkeys(name for record in self.records if record.get("kind") == kind for name in record)
            chosen = self.metric if kind == "evaluate" else None
            for name in islice((name for name in names if is_drawn(name) and name != chosen), LINES * PANELS):
                if (series := self.series(kind, name))[0]:
                    scale = scale_of(kind, name, series[1], self.perfect)
                    scales, lines = shared.setdefault(scale.panel, ([], {}))
                    scales.append(scale)
                    lines[name] = series
        panels = []
        for scales, series in shared.values():
            lines = list(_equal_together(series).items())
            widest = min(scales, key=lambda scale: scale.limits or (0, 0))
            panels += [(widest, dict(lines[start : start + LINES])) for start in range(0, len(lines), LINES)]
        return panels

    def _draw_loss(self, panel: Axes, loss: dict[str, Series]):
        for (name, (steps, values)), colour in zip(loss.items(), COLOURS, strict=False):
            panel.plot(steps, values, label=name, color=colour, linewidth=1.8, **_marks(steps))
        dressed(panel, "Loss", STEPS, "loss, mean per row")
        self._from_zero(panel, None)
        legend(panel)

    def _draw_metric(self, panel: Axes, metric: Series):
        steps, values = metric
        scale = scale_of("evaluate", self.metric, values, self.perfect)
        panel.plot(steps, values, color=COLOURS[1], linewidth=1.8, label="evaluation", **_marks(steps))
        for number, (name, metrics) in enumerate(self.baselines.items()):
            value = metrics.get(self.metric)
            if isinstance(value, (int, float)) and abs(value) < MOST:
                style = ("--", ":")[number % 2]
                panel.axhline(value, color=FAINT, linewidth=1.4, linestyle=style, label=plain(f"{name}: {value:.4g}"))
        best = dict(zip(steps, values, strict=True)).get(self.best_step)
        if best is not None:
            panel.axvline(self.best_step, color=COLOURS[2], linewidth=1, alpha=0.6)
            panel.plot(
                self.best_step, best, marker="*", markersize=13, color=COLOURS[2], linestyle="none",
                markeredgecolor="white", clip_on=False, zorder=3, label=f"best: {best:.4g} at step {self.best_step}",
            )  # fmt: skip
        dressed(panel, f"Metric: {self.metric}", STEPS, scale.unit.replace("score", self.metric, 1))
        self._from_zero(panel, scale.limits)
        legend(panel)

    def _from_zero(self, panel: Axes, limits: tuple[float, float] | None):
        """Steps from 0 to the last one of the run; values within limits, or from 0 unless some lie below."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        last = max(step for record in self.records if _is_step(step := record.get("global_step")))
        panel.set_xlim(0, max(1, last) * 1.03)
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if limits is not None:
            low, high = limits
            margin = 0.02 * (high - low)  # a line along the border is seen
            panel.set_ylim(low - margin, high + margin)
            return
        if panel.dataLim.y0 >= 0:
            panel.set_ylim(bottom=0)
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))  # no power of ten set apart


def _equal_together(lines: Mapping[str, Series]) -> dict[str, Series]:
    """Lines that would hide each other are one, with the names of all."""
    names = {}
    for name, (steps, values) in lines.items():
        names.setdefault((tuple(steps), tuple(values)), []).append(name)
    return {" = ".join(those): line for line, those in names.items()}


def _marks(steps: Sequence[int]) -> dict:
    return {"marker": "o", "markersize": 3.5} if len(steps) <= FEW else {}


def _is_step(step) -> bool:
    return type(step) is int and 0 <= step < MOST
