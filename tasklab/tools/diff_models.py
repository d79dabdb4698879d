"""Where two models differ: names, shapes, and how far apart the values of each tensor are."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model

SHOWN = 20


class TensorDifference(NamedTuple):
    """largest: of the absolute differences; cosine: of the two as vectors, nan when one is all 0."""

    name: str
    largest: float
    cosine: float


@dataclass(frozen=True)
class ModelDifference:
    """Names are tasklab's, so that models of two programs can be compared. differing: the furthest apart first."""

    names: tuple[str, str]
    only_in_first: tuple[str, ...]
    only_in_second: tuple[str, ...]
    shapes: dict[str, tuple[tuple, tuple]]
    equal: int
    differing: tuple[TensorDifference, ...]

    @property
    def status(self) -> int:
        """As of diff(1): 0 when the two are the same."""
        return int(bool(self.only_in_first or self.only_in_second or self.shapes or self.differing))

    def __str__(self):
        lines = [f"{self.equal} tensors are equal to the bit, {len(self.differing)} differ"]
        for name, group in zip(self.names, (self.only_in_first, self.only_in_second), strict=True):
            if group:
                lines.append(f"only in {name}: {_cut(group)}")
        lines += [f"shape {list(one)} and {list(other)}: {name}" for name, (one, other) in self.shapes.items()]
        if self.differing:
            lines.append(f"{'tensor':58} {'largest':>10} {'cosine':>9}")
        lines += [f"{d.name:58} {d.largest:10.3g} {d.cosine:9.6f}" for d in self.differing[:SHOWN]]
        if len(self.differing) > SHOWN:
            lines.append(f"and {len(self.differing) - SHOWN} more, closer to each other")
        return "\n".join(lines)


@TOOLS.register("diff")
def diff_models(first: str, second: str) -> ModelDifference:
    """Compare two models tensor by tensor, of whatever formats; the exit status is 1 when they differ.

    Args:
        first: folder, file or name of a model.
        second: the other one.
    """
    one, other = open_model(first).own, open_model(second).own
    both = sorted(one.keys() & other.keys())
    shapes = {name: (one[name].shape, other[name].shape) for name in both if one[name].shape != other[name].shape}
    compared = [_compared(name, one[name].read(), other[name].read()) for name in both if name not in shapes]
    differing = sorted((d for d in compared if d is not None), key=lambda d: (-_rank(d.largest), d.name))
    return ModelDifference(
        (str(first), str(second)), tuple(sorted(one.keys() - other)), tuple(sorted(other.keys() - one)), shapes,
        len(compared) - len(differing), tuple(differing),
    )  # fmt: skip


def _compared(name: str, a: np.ndarray, b: np.ndarray) -> TensorDifference | None:
    if np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f"):
        return None
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return TensorDifference(name, float(np.abs(a - b).max()), float(a @ b) / norms if norms else math.nan)


def _rank(largest: float) -> float:
    return math.inf if math.isnan(largest) else largest


def _cut(names: tuple[str, ...]) -> str:
    return ", ".join(names[:SHOWN]) + (f", and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
