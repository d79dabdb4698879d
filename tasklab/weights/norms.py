"""UER-py's norms, g (x - mean) / (std + 1e-6): their deviation is that over n - 1 values, that of all others over n.

With its weight times sqrt((n - 1) / n) the usual norm gives the same numbers (uer/layers/layer_norm.py).
"""

from __future__ import annotations

import numpy as np

from tasklab.weights.tensors import LazyTensor, lazy

WEIGHT = "norm.weight"
"""How the names of all norms' weights end."""


def from_unbiased(tensors: dict) -> tuple[dict[str, LazyTensor], str]:
    """(tensors under tasklab's names, as the usual norm needs them; what was done, in a line, or "")."""
    return {name: _scaled(name, tensors, 1) for name in tensors}, _note(tensors, "multiplied")


def to_unbiased(tensors: dict) -> tuple[dict[str, LazyTensor], str]:
    """The way back, for a file that UER-py is to read."""
    return {name: _scaled(name, tensors, -1) for name in tensors}, _note(tensors, "divided")


def _centers(name: str, tensors: dict) -> bool:
    """Whether it is the weight of a norm that knows a deviation; T5's divide by a root mean square, without a bias."""
    return name.endswith(WEIGHT) and f"{name.removesuffix('weight')}bias" in tensors


def _scaled(name: str, tensors: dict, power: int) -> LazyTensor:
    tensor = tensors[name]
    if not _centers(name, tensors) or tensor.shape[0] < 2:
        return lazy(tensor)
    size = tensor.shape[0]
    factor = np.sqrt((size - 1) / size) ** power
    return lazy(tensor).map(lambda weight: (weight.astype(np.float64) * factor).astype(weight.dtype))


def _note(tensors: dict, done: str) -> str:
    count = sum(_centers(name, tensors) for name in tensors)
    what = f"the weights of {count} norms were {done} by sqrt((n - 1) / n), as UER-py's norms divide by n - 1"
    return f"{what}; for a file whose norms were trained elsewhere and never there: --norm usual" if count else ""
