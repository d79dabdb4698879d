"""What optimizers in host memory share: sums of gradients, the step, and a state that resumes to the bit.

On a CPU a parameter's memory is ordinary memory, so passes over all of it replace hundreds of graph nodes. All forms
take sums of gradients and one factor that makes them means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tasklab.config import OptimizerConfig
from tasklab.engine.rates import rate_factors
from tasklab.errors import CheckpointError

if TYPE_CHECKING:
    from mindspore import Parameter, Tensor


def decays(parameter: Parameter) -> bool:
    """Biases and norms are vectors and do not decay; matrices and tables do (Devlin et al. 2019, reference code)."""
    return len(parameter.shape) > 1


class HostOptimizer(ABC):
    """Updates parameters in place in host memory."""

    settings: ClassVar[tuple[str, ...]] = ()
    """Keys of the section that not all optimizers read, and this one does."""

    def __init__(self, parameters: Sequence[Parameter], config: OptimizerConfig, max_grad_norm: float):
        self.names = [p.name for p in parameters]
        self.config, self.max_grad_norm, self.steps = config, max_grad_norm, 0
        self.parameters = list(parameters)
        self.decay_flags = [decays(p) for p in parameters]
        self.lr_scales = rate_factors(self.names, config)
        self.sums, self.owner, self._buffers = None, None, None

    @staticmethod
    @abstractmethod
    def on_device() -> type:
        """The class of the same interface as a graph."""

    @abstractmethod
    def update(self, values: list[np.ndarray], lr: float, scale: float) -> float:
        """Changes `values` and the state by `self.sums` times `scale`; returns the global norm before clipping."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """Everything but the step count, which belongs to the trainer's state; the arrays themselves."""

    def accumulate(self, grads: Sequence[Tensor]):
        """Adds one micro-batch's summed gradients to those since the last step."""
        arrays = [g.asnumpy() for g in grads]
        if self.sums is None:
            self.sums, self.owner = arrays, grads  # the tensors own the memory behind the views
        else:
            # never in place of the first: a graph hands out one tensor for equal gradients, and its own constants
            self._buffers = self._buffers or [np.empty_like(array) for array in arrays]
            for total, array, buffer in zip(self.sums, arrays, self._buffers, strict=True):
                np.add(total, array, out=buffer)
            self.sums = self._buffers

    def step(self, lr: float, scale: float) -> float:
        """Applies the accumulated sums times `scale`; returns the global gradient norm before clipping."""
        self.steps += 1
        # views: writing to them changes the parameter, until set_data gives it other memory; hence taken anew
        norm = self.update([p.asnumpy() for p in self.parameters], lr, scale)
        self.sums = self.owner = None
        return norm

    def load_state(self, tensors: dict[str, np.ndarray], steps: int):
        """Restores what `state` gave. Raises CheckpointError when names or shapes differ."""
        for name, held in self.state().items():
            np.copyto(held, checked(tensors, name, held.shape))
        self.steps = steps


def checked(tensors: dict[str, np.ndarray], name: str, shape: tuple) -> np.ndarray:
    """The tensor of that name. Raises CheckpointError when there is none of this shape."""
    if name not in tensors or tensors[name].shape != tuple(shape):
        problem = f"has shape {tensors[name].shape}" if name in tensors else "is missing"
        raise CheckpointError(
            f"optimizer.safetensors: {name} {problem}, expected {tuple(shape)}; "
            "resume needs the same network and optimizer, or start from the weights alone with --from"
        )
    return tensors[name]
