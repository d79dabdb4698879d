"""AdamW with decoupled weight decay and global-norm clipping (Loshchilov & Hutter 2019), on the host or on the device.

On a CPU a parameter's memory is ordinary memory, so one fused pass over all of it replaces hundreds of graph nodes.
Elsewhere the same arithmetic is a compiled graph. Both take sums of gradients and one factor that makes them means.
"""

from collections.abc import Sequence

import mindspore as ms
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops

from tasklab.config import OptimizerConfig
from tasklab.engine.layer_decay import lr_scales
from tasklab.errors import CheckpointError
from tasklab.kernels import optimizer as kernel


def decays(parameter: Parameter) -> bool:
    """Biases and norms are vectors and do not decay; matrices and tables do (Devlin et al. 2019, reference code)."""
    return len(parameter.shape) > 1


class HostAdamW:
    """Updates parameters in place in host memory."""

    def __init__(self, parameters: Sequence[Parameter], config: OptimizerConfig, max_grad_norm: float):
        self.names = [p.name for p in parameters]
        self.config, self.max_grad_norm, self.steps = config, max_grad_norm, 0
        self.parameters = list(parameters)
        self.moments1 = [np.zeros(p.shape, np.float32) for p in parameters]
        self.moments2 = [np.zeros(p.shape, np.float32) for p in parameters]
        self.decay_flags = [decays(p) for p in parameters]
        self.lr_scales = lr_scales(self.names, config.layer_decay)
        self.sums, self.owner, self._buffers = None, None, None

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
        beta1, beta2 = self.config.betas
        # views: writing to them changes the parameter, until set_data gives it other memory; hence taken anew
        values = [p.asnumpy() for p in self.parameters]
        norm = kernel.adamw_step(
            values, self.sums, self.moments1, self.moments2, self.decay_flags,
            lr=lr, beta1=beta1, beta2=beta2, eps=self.config.eps, weight_decay=self.config.weight_decay,
            step=self.steps, bias_correction=self.config.bias_correction,
            max_grad_norm=self.max_grad_norm, grad_scale=scale, lr_scales=self.lr_scales,
        )  # fmt: skip
        self.sums = self.owner = None
        return norm

    def state(self) -> dict[str, np.ndarray]:
        """First and second moments by name; the step count belongs to the trainer's state."""
        first = {f"moment1.{n}": m for n, m in zip(self.names, self.moments1, strict=True)}
        return first | {f"moment2.{n}": m for n, m in zip(self.names, self.moments2, strict=True)}

    def load_state(self, tensors: dict[str, np.ndarray], steps: int):
        """Restores what `state` gave. Raises CheckpointError when names or shapes differ."""
        for name, moment in self.state().items():
            np.copyto(moment, _checked(tensors, name, moment.shape))
        self.steps = steps


class DeviceAdamW(nn.Cell):
    """The same update as a graph, for devices whose memory the host cannot reach."""

    def __init__(self, parameters: Sequence[Parameter], config: OptimizerConfig, max_grad_norm: float):
        super().__init__(auto_prefix=False)
        self.config, self.max_grad_norm, self.steps = config, max_grad_norm, 0
        self.parameters = ParameterTuple(parameters)
        self.moments1 = self.parameters.clone("moment1", init="zeros")
        self.moments2 = self.parameters.clone("moment2", init="zeros")
        self.decay = tuple(config.weight_decay if decays(p) else 0.0 for p in parameters)
        self.lr_scales = tuple(lr_scales([p.name for p in parameters], config.layer_decay))
        self.beta1, self.beta2 = config.betas
        # subtracted here in float64: a graph would do it in float32, where 1 - 0.999 is off by 1e-5
        self.rest1, self.rest2 = 1.0 - self.beta1, 1.0 - self.beta2
        self.sums = None

    def construct(self, grads, lr, scale, correction1, correction2):
        squares = ops.zeros((), ms.float32)
        for grad in grads:
            squares = squares + ops.square(grad).sum()
        norm = ops.sqrt(squares) * scale
        factor = scale
        if self.max_grad_norm > 0:
            factor = scale * ops.minimum(self.max_grad_norm / (norm + 1e-6), Tensor(1.0, ms.float32))
        for i in range(len(grads)):
            value, grad = self.parameters[i], grads[i] * factor
            moment1 = self.moments1[i] * self.beta1 + grad * self.rest1
            moment2 = self.moments2[i] * self.beta2 + ops.square(grad) * self.rest2
            update = (moment1 / correction1) / (ops.sqrt(moment2 / correction2) + self.config.eps)
            ops.assign(self.moments1[i], moment1)
            ops.assign(self.moments2[i], moment2)
            ops.assign(value, value - lr * self.lr_scales[i] * (update + self.decay[i] * value))
        return norm

    def accumulate(self, grads: Sequence[Tensor]):
        self.sums = grads if self.sums is None else tuple(a + b for a, b in zip(self.sums, grads, strict=True))

    def step(self, lr: float, scale: float) -> float:
        self.steps += 1
        bias = self.config.bias_correction
        corrections = (1.0 - b**self.steps if bias else 1.0 for b in (self.beta1, self.beta2))
        scalars = (Tensor(x, ms.float32) for x in (lr, scale, *corrections))
        norm = self(self.sums, *scalars)
        self.sums = None
        return float(norm.asnumpy())

    def state(self) -> dict[str, np.ndarray]:
        return {p.name: p.asnumpy() for p in (*self.moments1, *self.moments2)}

    def load_state(self, tensors: dict[str, np.ndarray], steps: int):
        for moment in (*self.moments1, *self.moments2):
            moment.set_data(Tensor(_checked(tensors, moment.name, moment.shape)))
        self.steps = steps


def _checked(tensors: dict[str, np.ndarray], name: str, shape: tuple) -> np.ndarray:
    if name not in tensors or tensors[name].shape != tuple(shape):
        found = f"has shape {tensors[name].shape}" if name in tensors else "is missing"
        raise CheckpointError(
            f"optimizer.safetensors: {name} {found}, expected {tuple(shape)}; "
            "resume needs the same network, or start from the weights alone with --from"
        )
    return tensors[name]
