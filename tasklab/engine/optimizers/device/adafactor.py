"""Adafactor as a graph (Shazeer & Stern 2018, without momentum)."""

import mindspore as ms
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, ops

from tasklab.engine.optimizers.device.base import DeviceOptimizer
from tasklab.kernels.adafactor import EPS, LEAST_SCALE, MEANS, mean_shapes


class DeviceAdafactor(DeviceOptimizer):
    """The arithmetic of the host's form."""

    def __init__(self, parameters, config, max_grad_norm):
        super().__init__(parameters, config, max_grad_norm)
        means, self.first = [], []  # first: where the means of each parameter begin
        for parameter in self.parameters:
            self.first.append(len(means))
            shapes = mean_shapes(tuple(parameter.shape))
            for kind, shape in zip(MEANS[len(shapes)], shapes, strict=True):
                means.append(Parameter(Tensor(np.zeros(shape, np.float32)), name=f"{kind}.{parameter.name}"))
        self.means, self.first = ParameterTuple(means), tuple(self.first)
        self.factored = tuple(len(p.shape) > 1 for p in self.parameters)

    def held(self):
        return self.means

    def scalars(self):
        rest = float(self.steps) ** self.config.decay_rate
        return [1.0 - rest, rest]

    def construct(self, grads, lr, scale, kept, rest):
        norm, factor = self.norm_and_factor(grads, scale)
        for i in range(len(grads)):
            value, grad, at = self.parameters[i], grads[i] * factor, self.first[i]
            squares = ops.square(grad)
            if self.factored[i]:
                row = self.means[at] * kept + (squares.mean(-1) + EPS) * rest
                column = self.means[at + 1] * kept + (squares.mean(-2) + EPS) * rest
                ops.assign(self.means[at], row)
                ops.assign(self.means[at + 1], column)
                by_row = ops.rsqrt(row / row.mean(-1, keep_dims=True))
                update = grad * ops.expand_dims(by_row, -1) * ops.expand_dims(ops.rsqrt(column), -2)
            else:
                square = self.means[at] * kept + (squares + EPS) * rest
                ops.assign(self.means[at], square)
                update = grad * ops.rsqrt(square)
            one = Tensor(1.0, ms.float32)
            update = update / ops.maximum(ops.sqrt(ops.square(update).mean()) / self.config.clip_threshold, one)
            rate = lr * self.lr_scales[i]
            if self.config.scale_parameter:
                rate = rate * ops.maximum(ops.sqrt(ops.square(value).mean()), Tensor(LEAST_SCALE, ms.float32))
            ops.assign(value, value - rate * (update + self.decay[i] * value))
        return norm
