"""AdamW with decoupled weight decay and global-norm clipping (Loshchilov & Hutter 2019), one fused pass on the host."""

import numpy as np

from tasklab.config.registries import OPTIMIZERS
from tasklab.engine.optimizers.host import HostOptimizer
from tasklab.kernels import optimizer as kernel


@OPTIMIZERS.register("adamw")
class AdamW(HostOptimizer):
    """Two moments of each value, in float32."""

    settings = ("betas", "eps", "bias_correction")

    def __init__(self, parameters, config, max_grad_norm):
        super().__init__(parameters, config, max_grad_norm)
        self.moments1 = [np.zeros(p.shape, np.float32) for p in parameters]
        self.moments2 = [np.zeros(p.shape, np.float32) for p in parameters]

    @staticmethod
    def on_device():
        from tasklab.engine.optimizers.device.adamw import DeviceAdamW

        return DeviceAdamW

    def update(self, values, lr, scale):
        beta1, beta2 = self.config.betas
        return kernel.adamw_step(
            values, self.sums, self.moments1, self.moments2, self.decay_flags,
            lr=lr, beta1=beta1, beta2=beta2, eps=self.config.eps, weight_decay=self.config.weight_decay,
            step=self.steps, bias_correction=self.config.bias_correction,
            max_grad_norm=self.max_grad_norm, grad_scale=scale, lr_scales=self.lr_scales,
        )  # fmt: skip

    def state(self):
        first = {f"moment1.{n}": m for n, m in zip(self.names, self.moments1, strict=True)}
        return first | {f"moment2.{n}": m for n, m in zip(self.names, self.moments2, strict=True)}
