"""Averages the weights of several checkpoints: often better than the best of them (Izmailov et al. 2018)."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.tools import TOOLS
from tasklab.tools.opened import OpenModel, open_model
from tasklab.weights.tensors import LazyTensor


@dataclass(frozen=True)
class Averaged:
    folder: Path
    shares: tuple[tuple[str, float], ...]
    tensors: int

    def __str__(self):
        shares = ", ".join(f"{share:.4g} of {name}" for name, share in self.shares)
        return f"{self.folder}: {self.tensors} tensors, {shares}"


@TOOLS.register("average")
def average(*sources: str, to: str, weights: list[float] | None = None) -> Averaged:
    """Average the weights of any number of checkpoints, one tensor at a time.

    The other files of the new model are those of the first one. Sums are taken in float64.

    Args:
        sources: folders, files or names of models with equal tensors.
        to: the folder to write.
        weights: one number per source, their shares; without them all count the same.
    Raises: CheckpointError that lists what does not fit.
    """
    shares = _shares(sources, weights)
    models = [open_model(source) for source in sources]
    for model in models[1:]:
        _refuse_misfits(models[0], model)
    tensors = {name: _mean([model.tensors[name] for model in models], shares, name) for name in models[0].tensors}
    folder = models[0].write(to, tensors)
    return Averaged(folder, tuple(zip(map(str, sources), shares, strict=True)), len(tensors))


def _shares(sources, weights) -> list[float]:
    """Adding up to 1. Raises: CheckpointError."""
    weights = [1.0] * len(sources) if weights is None else [float(w) for w in weights]
    if len(weights) != len(sources) or not sources:
        raise CheckpointError(f"{len(weights)} weights for {len(sources)} checkpoints; give one number for each")
    if not all(math.isfinite(w) and w >= 0 for w in weights) or not sum(weights):
        raise CheckpointError(f"weights {weights}: expected numbers from 0 up, not all 0")
    return [w / sum(weights) for w in weights]


def _refuse_misfits(first: OpenModel, other: OpenModel):
    shapes, others = ({name: t.shape for name, t in model.tensors.items()} for model in (first, other))
    wrong = [f"only in {first.source.name}: {name}" for name in sorted(shapes.keys() - others)]
    wrong += [f"only in {other.source.name}: {name}" for name in sorted(others.keys() - shapes)]
    wrong += [
        f"{name}: {list(shapes[name])} and {list(others[name])}"
        for name in sorted(shapes.keys() & others)
        if shapes[name] != others[name]
    ]
    if wrong:
        more = f"\n  and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise CheckpointError(
            f"{first.source.name} and {other.source.name} are not of one network:\n  " + "\n  ".join(wrong[:10]) + more
        )


def _mean(tensors: list[LazyTensor], shares: list[float], name: str) -> LazyTensor:
    first = tensors[0]

    def read() -> np.ndarray:
        if first.dtype.kind != "f":
            if not all(np.array_equal(tensor.read(), first.read()) for tensor in tensors[1:]):
                raise CheckpointError(f"{name} holds {first.dtype} values that differ, which have no average")
            return first.read()
        total = np.zeros(first.shape)
        for tensor, share in zip(tensors, shares, strict=True):
            total += share * tensor.read().astype(np.float64)
        return total.astype(first.dtype)

    return LazyTensor(first.shape, first.dtype, read)
