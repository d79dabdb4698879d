"""What a checkpoint keeps beside weights and moments, in the optimizer's file: each tensor as <whose>.<its name>."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np


class Kept(Protocol):
    """Something with a state of its own, which goes on through a resume. name: no other in a run has it."""

    name: str

    def state(self) -> dict[str, np.ndarray]: ...

    def load_state(self, tensors: dict[str, np.ndarray]):
        """Goes on from what `state` gave. Raises CheckpointError when it is not there."""


def tensors_of(kept: Iterable[Kept]) -> dict[str, np.ndarray]:
    """The states of all."""
    return {f"{one.name}.{key}": value for one in kept for key, value in one.state().items()}


def load_tensors(kept: Iterable[Kept], tensors: dict[str, np.ndarray]):
    """Gives each its own out of what `tensors_of` made; `tensors` may hold others."""
    for one in kept:
        start = one.name + "."
        one.load_state({key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)})
