"""Where MindSpore versions and devices differ (written for 2.9); nothing else in nn/ asks for either."""

import platform

import mindspore as ms
from mindspore import nn


def on_cpu() -> bool:
    """Whether cells are built for the CPU, whose stock kernels are uneven: some compositions beat them by far."""
    return ms.get_context("device_target") == "CPU"


def runs_numpy() -> bool:
    """Whether an operator may be a function of NumPy: on the CPU, where MindSpore takes such ones on Linux alone."""
    return on_cpu() and platform.system() == "Linux"


class Dense(nn.Dense):
    """nn.Dense, with room for a cell that adds to what it gives, see `nn.lora`.

    Kernels take `matrix`, or `weight` and `beside`.
    """

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.lora = None

    def construct(self, x):
        y = super().construct(x)
        return y if self.lora is None else y + self.lora(x)

    def matrix(self):
        """[out, in]: its weight, and what is added to it."""
        return self.weight if self.lora is None else self.weight + self.lora.matrix()

    def beside(self):
        """The numbers of what is added, in tensors [n], for kernels that add it themselves."""
        return () if self.lora is None else self.lora.flat()


def dense(in_size: int, out_size: int, bias: bool = True) -> Dense:
    """x [..., in_size] -> [..., out_size]; `weight` [out_size, in_size] and `bias`, both 0 until `nn.init` fills them.

    nn.Dense would draw its own random start from the global generator, which costs seconds and is thrown away.
    """
    return Dense(in_size, out_size, weight_init="zeros", bias_init="zeros", has_bias=bias)


def parameter(shape: tuple, name: str, value: str = "zeros") -> ms.Parameter:
    """A float32 weight, `value` zeros or ones."""
    return ms.Parameter(ms.common.initializer.initializer(value, shape, ms.float32).init_data(), name=name)
