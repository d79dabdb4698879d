"""Loss and metric curves of a run as one PNG: a panel per scalar, drawn from the records of metrics.jsonl."""

from pathlib import Path

from tasklab.replacing import replacing

PANELS_PER_ROW = 2
HIDDEN = (
    "kind", "global_step", "epoch", "speed", "samples_per_second", "seconds_left", "compiles", "compile_seconds",
    "total",
)  # fmt: skip


def draw_curves(records: list[dict], path: Path, title: str):
    """Writes the picture; a run without any record gives none."""
    series: dict[str, tuple[list, list]] = {}
    for record in records:
        if "global_step" not in record:
            continue
        for name, value in record.items():
            if name not in HIDDEN and isinstance(value, (int, float)):
                steps, values = series.setdefault(f"{record['kind']}/{name}", ([], []))
                steps.append(record["global_step"])
                values.append(value)
    if not series:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no pyplot: no global figures, no display
    from matplotlib.figure import Figure

    rows = -(-len(series) // PANELS_PER_ROW)
    figure = Figure(figsize=(6 * PANELS_PER_ROW, 3 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for index, (name, (steps, values)) in enumerate(series.items()):
        panel = figure.add_subplot(rows, PANELS_PER_ROW, index + 1)
        panel.plot(steps, values, color="darkorange", marker="o" if len(steps) < 30 else None, markersize=3)
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("global step", fontsize=9)
        panel.grid(alpha=0.3)
    with replacing(path) as aside:
        figure.savefig(aside, dpi=100, format="png")
