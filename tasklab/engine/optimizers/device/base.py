"""What optimizers as graphs share: sums of gradients, clipping, the step, and a state by name."""

from abc import abstractmethod
from collections.abc import Sequence

import mindspore as ms
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops

from tasklab.config import OptimizerConfig
from tasklab.engine.optimizers.host import checked, decays
from tasklab.engine.rates import rate_factors


class DeviceOptimizer(nn.Cell):
    """The interface of HostOptimizer. A subclass says in `scalars` what a step adds to (gradients, lr, scale)."""

    def __init__(self, parameters: Sequence[Parameter], config: OptimizerConfig, max_grad_norm: float):
        super().__init__(auto_prefix=False)
        self.config, self.max_grad_norm, self.steps = config, max_grad_norm, 0
        self.parameters = ParameterTuple(parameters)
        self.decay = tuple(config.weight_decay if decays(p) else 0.0 for p in parameters)
        self.lr_scales = tuple(rate_factors([p.name for p in parameters], config))
        self.sums = None

    @abstractmethod
    def held(self) -> Sequence[Parameter]:
        """Parameters of the optimizer's own."""

    @abstractmethod
    def scalars(self) -> Sequence[float]:
        """What the step of number self.steps, from 1, is computed with."""

    def norm_and_factor(self, grads, scale):
        """Global norm of the gradients times `scale`, and the factor that clips them to it; two scalars."""
        squares = ops.zeros((), ms.float32)
        for grad in grads:
            squares = squares + ops.square(grad).sum()
        norm = ops.sqrt(squares) * scale
        factor = scale
        if self.max_grad_norm > 0:
            factor = scale * ops.minimum(self.max_grad_norm / (norm + 1e-6), Tensor(1.0, ms.float32))
        return norm, factor

    def accumulate(self, grads: Sequence[Tensor]):
        """Adds one micro-batch's summed gradients to those since the last step."""
        self.sums = grads if self.sums is None else tuple(a + b for a, b in zip(self.sums, grads, strict=True))

    def step(self, lr: float, scale: float) -> float:
        """Applies the accumulated sums times `scale`; returns the global gradient norm before clipping."""
        self.steps += 1
        norm = self(self.sums, *(Tensor(x, ms.float32) for x in (lr, scale, *self.scalars())))
        self.sums = None
        return float(norm.asnumpy())

    def state(self) -> dict[str, np.ndarray]:
        """Everything but the step count, which belongs to the trainer's state."""
        return {p.name: p.asnumpy() for p in self.held()}

    def load_state(self, tensors: dict[str, np.ndarray], steps: int):
        """Restores what `state` gave, here or on the host. Raises CheckpointError when names or shapes differ."""
        for parameter in self.held():
            parameter.set_data(Tensor(checked(tensors, parameter.name, parameter.shape)))
        self.steps = steps
