"""AdamW as a graph (Loshchilov & Hutter 2019)."""

from mindspore import ops

from tasklab.engine.optimizers.device.base import DeviceOptimizer


class DeviceAdamW(DeviceOptimizer):
    """The arithmetic of the host's form."""

    def __init__(self, parameters, config, max_grad_norm):
        super().__init__(parameters, config, max_grad_norm)
        self.moments1 = self.parameters.clone("moment1", init="zeros")
        self.moments2 = self.parameters.clone("moment2", init="zeros")
        self.beta1, self.beta2 = config.betas
        # subtracted here in float64: a graph would do it in float32, where 1 - 0.999 is off by 1e-5
        self.rest1, self.rest2 = 1.0 - self.beta1, 1.0 - self.beta2

    def held(self):
        return (*self.moments1, *self.moments2)

    def scalars(self):
        bias = self.config.bias_correction
        return [1.0 - b**self.steps if bias else 1.0 for b in (self.beta1, self.beta2)]

    def construct(self, grads, lr, scale, correction1, correction2):
        norm, factor = self.norm_and_factor(grads, scale)
        for i in range(len(grads)):
            value, grad = self.parameters[i], grads[i] * factor
            moment1 = self.moments1[i] * self.beta1 + grad * self.rest1
            moment2 = self.moments2[i] * self.beta2 + ops.square(grad) * self.rest2
            update = (moment1 / correction1) / (ops.sqrt(moment2 / correction2) + self.config.eps)
            ops.assign(self.moments1[i], moment1)
            ops.assign(self.moments2[i], moment2)
            ops.assign(value, value - lr * self.lr_scales[i] * (update + self.decay[i] * value))
        return norm
