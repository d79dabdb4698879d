"""An optimizer by name, in the form for where the parameters are."""

from collections.abc import Sequence

import mindspore as ms
from mindspore import Parameter

from tasklab.config import OptimizerConfig
from tasklab.config.registries import OPTIMIZERS


def optimizer_for(parameters: Sequence[Parameter], config: OptimizerConfig, max_grad_norm: float):
    """A HostOptimizer on CPUs, elsewhere the graph of the same interface. Raises UnknownName."""
    host = OPTIMIZERS.get(config.name)
    kind = host if ms.get_context("device_target") == "CPU" else host.on_device()
    return kind(parameters, config, max_grad_norm)
