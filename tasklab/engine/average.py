"""Exponential moving average of the weights, which is evaluated and saved in their place (Polyak & Juditsky 1992)."""

from collections.abc import Sequence
from contextlib import contextmanager

import numpy as np
from mindspore import Parameter, Tensor

from tasklab.errors import CheckpointError


class WeightAverage:
    """average = d * average + (1 - d) * weights after every optimizer step.

    d is min(decay, (1 + steps) / (10 + steps)), so that the first steps do not weigh on short runs (TensorFlow's
    ExponentialMovingAverage with num_updates). A follower: its state is the weights as trained, as the model's file of
    a checkpoint holds the averages.
    """

    name = "trained"

    def __init__(self, parameters: Sequence[Parameter], decay: float):
        self.parameters, self.decay = list(parameters), decay
        self.averages = copies(self.parameters)
        self.trained: list[np.ndarray] | None = None  # the weights as trained, while the averages are in place

    def after_step(self, steps: int, batches: Sequence[dict[str, np.ndarray]]):
        """`steps` optimizer steps are done."""
        rest = np.float32(1 - min(self.decay, (1 + steps) / (10 + steps)))
        for average, parameter in zip(self.averages, self.parameters, strict=True):
            average += rest * (parameter.asnumpy() - average)

    @contextmanager
    def in_place(self):
        """The network computes with the averages inside, and goes on training with its own weights after."""
        self.trained = copies(self.parameters)
        assign(self.parameters, self.averages)
        try:
            yield
        finally:
            assign(self.parameters, self.trained)
            self.trained = None

    def state(self) -> dict[str, np.ndarray]:
        """What the checkpoint's model file lacks, inside `in_place`: the weights as trained."""
        return {p.name: value for p, value in zip(self.parameters, self.trained, strict=True)}

    def load_state(self, tensors: dict[str, np.ndarray]):
        """The network holds the averages of a checkpoint; takes them over and puts its trained weights in their place.

        Raises: CheckpointError when the checkpoint was saved without an average.
        """
        missing = [p.name for p in self.parameters if p.name not in tensors]
        if missing:
            raise CheckpointError(
                f"optimizer.safetensors: {self.name}.{missing[0]} is missing, so the run had no optimizer.ema_decay; "
                "resume with the run's own settings, or start from the weights alone with --from"
            )
        self.averages = copies(self.parameters)
        assign(self.parameters, [tensors[p.name] for p in self.parameters])


def copies(parameters: Sequence[Parameter]) -> list[np.ndarray]:
    """Their values, apart from them."""
    return [p.asnumpy().copy() for p in parameters]  # a view of live memory on CPU


def assign(parameters: Sequence[Parameter], values: Sequence[np.ndarray]):
    """Gives each a value."""
    for parameter, value in zip(parameters, values, strict=True):
        parameter.set_data(Tensor(value))
