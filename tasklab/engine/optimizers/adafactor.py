"""Adafactor: squares of gradients kept as means of rows and columns (Shazeer & Stern 2018, without momentum).

The rate comes from the schedule, as in UER-py and transformers' Trainer: `relative_step` is the schedule inverse_sqrt.
"""

import numpy as np

from tasklab.config.registries import OPTIMIZERS
from tasklab.engine.optimizers.host import HostOptimizer
from tasklab.kernels import adafactor as kernel


@OPTIMIZERS.register("adafactor")
class Adafactor(HostOptimizer):
    """A matrix [R, C] needs R + C numbers instead of AdamW's 2 R C; more axes are matrices of the last two."""

    settings = ("clip_threshold", "decay_rate", "scale_parameter")

    def __init__(self, parameters, config, max_grad_norm):
        super().__init__(parameters, config, max_grad_norm)
        shapes = [tuple(p.shape) for p in parameters]
        self.squares = [tuple(np.zeros(s, np.float32) for s in kernel.mean_shapes(shape)) for shape in shapes]

    @staticmethod
    def on_device():
        from tasklab.engine.optimizers.device.adafactor import DeviceAdafactor

        return DeviceAdafactor

    def update(self, values, lr, scale):
        config = self.config
        decays = [config.weight_decay if flag else 0.0 for flag in self.decay_flags]
        return kernel.adafactor_step(
            values, self.sums, self.squares, decays, [lr * factor for factor in self.lr_scales],
            rest=float(self.steps) ** config.decay_rate, clip_threshold=config.clip_threshold,
            scale_parameter=config.scale_parameter, max_grad_norm=self.max_grad_norm, grad_scale=scale,
        )  # fmt: skip

    def state(self):
        return {
            f"{kind}.{name}": array
            for name, arrays in zip(self.names, self.squares, strict=True)
            for kind, array in zip(kernel.MEANS[len(arrays)], arrays, strict=True)
        }
