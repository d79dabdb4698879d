"""What is drawn of a run's records, and the unit and the limits of each series."""

from collections.abc import Sequence
from typing import NamedTuple

NOT_DRAWN = (
    "kind", "global_step", "epoch", "speed", "samples_per_second", "seconds_left", "compiles", "compile_seconds",
)  # fmt: skip
"""Of a record: where it belongs, and how fast the machine was."""
THRESHOLDS = ("thresh", "threshold")
"""How the names of scores end that are limits of decisions."""
OF_TRAINING = {"lr": "learning rate", "grad_norm": "gradient norm"}
CORRELATIONS = ("pearson", "spearmanr", "matthews_correlation")
UNBOUNDED = ("loss", "mse", "perplexity")
SCORES, CORRELATION = "Scores", "Correlation"


class Scale(NamedTuple):
    """panel: what is drawn on one panel, its title. limits: lowest and highest value there can be, None: open."""

    panel: str
    unit: str
    limits: tuple[float, float] | None

    @property
    def shared(self) -> bool:
        """Whether series of several names have this panel."""
        return self.panel in (SCORES, CORRELATION)


def scale_of(kind: str, name: str, values: Sequence[float], perfect: float) -> Scale:
    """The scale of a series of training or evaluation; perfect: 1, or 100 where scores are percent."""
    last = name.rpartition("/")[2]  # a metric of one data set among several is <data set>/<metric>
    if kind == "train":
        label = OF_TRAINING.get(name)
        return Scale(label.capitalize(), label, None) if label else Scale(name, name, None)
    if last in CORRELATIONS:
        return Scale(CORRELATION, "correlation", (-1.0 if min(values) < 0 else 0.0, 1.0))
    if last not in UNBOUNDED and all(0 <= value <= perfect for value in values):
        return Scale(SCORES, "score (%)" if perfect == 100 else f"score (0 to {perfect:g})", (0.0, perfect))
    return Scale(name, name, None)


def is_drawn(name: str) -> bool:
    """Whether it is neither the loss, which has its own picture, nor a threshold, nor what belongs to no curve."""
    return not (name in NOT_DRAWN or name == "loss" or name.endswith(THRESHOLDS))
