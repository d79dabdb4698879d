"""Training against the worst small shift of the word vectors: FGM (Miyato et al. 2017) and PGD (Madry et al. 2018).

Every micro-batch runs clean first; the gradient says where to shift, and the gradients at the shifted place are added.
The variants are those of UER-py (`adv_type` fgm and pgd).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from mindspore import Tensor

from tasklab.config import AdversarialConfig
from tasklab.errors import ConfigError

ALPHA = 0.3
"""Length of one step of PGD per epsilon, where none is set: UER-py's ratio."""
Passes = Iterator[tuple[float, float, tuple]]
"""(summed loss, summed weight, gradients) of each pass over one micro-batch; gradients add up, the shifted passes
count neither loss nor weight."""


def passes(step, config: AdversarialConfig):
    """How a micro-batch trains: a function (batch, dropout seed) -> Passes."""
    kinds = {"none": Clean, "fgm": FastGradient, "pgd": ProjectedGradient}
    return kinds[config.name](step, config)


class Clean:
    """One pass, no shift."""

    def __init__(self, step, config: AdversarialConfig):
        self.step, self.config = step, config

    def __call__(self, batch, seed: int) -> Passes:
        yield self.step.run(batch, seed)


class Shifting(Clean):
    """Base of those that shift every parameter whose name contains `adversarial.target`."""

    def __init__(self, step, config: AdversarialConfig):
        super().__init__(step, config)
        self.targets = [i for i, p in enumerate(step.parameters) if config.target in p.name]
        if not self.targets:
            raise ConfigError(f"adversarial.target is {config.target!r}; no trained weight has this in its name")

    @contextmanager
    def shifting(self):
        """shift(offsets) puts the targets there, counted from where they are now; they return at the end."""
        parameters = [self.step.parameters[i] for i in self.targets]
        home = [p.asnumpy().copy() for p in parameters]  # a view of live memory on CPU

        def shift(offsets):
            for parameter, value, offset in zip(parameters, home, offsets, strict=True):
                parameter.set_data(Tensor(value + offset))

        try:
            yield shift
        finally:
            shift([np.float32(0)] * len(home))

    def directions(self, grads, length: float) -> list[np.ndarray]:
        """The gradients of the targets, each scaled to this L2 norm."""
        return [_of_norm(grads[i].asnumpy(), length) for i in self.targets]


class FastGradient(Shifting):
    """One shift of L2 norm epsilon along the gradient of each target."""

    def __call__(self, batch, seed):
        loss, weight, grads = self.step.run(batch, seed)
        offsets = self.directions(grads, self.config.epsilon)
        yield loss, weight, grads
        with self.shifting() as shift:
            shift(offsets)
            yield 0.0, 0.0, self.step.run(batch, further_seed(seed, 1))[2]


class ProjectedGradient(Shifting):
    """`steps` shifts of norm alpha, each along the gradient at the place before, kept within a ball of radius epsilon.

    Only the last place's gradients train.
    """

    def __call__(self, batch, seed):
        config = self.config
        alpha = ALPHA * config.epsilon if config.alpha is None else config.alpha
        loss, weight, grads = self.step.run(batch, seed)
        moves = self.directions(grads, alpha)
        yield loss, weight, grads
        offsets = [np.zeros_like(move) for move in moves]
        with self.shifting() as shift:
            for number in range(1, config.steps + 1):
                offsets = [_within(a + b, config.epsilon) for a, b in zip(offsets, moves, strict=True)]
                shift(offsets)
                grads = self.step.run(batch, further_seed(seed, number))[2]
                moves = self.directions(grads, alpha)
            yield 0.0, 0.0, grads


def further_seed(seed: int, number: int) -> int:
    """Dropout seed of pass `number` over a micro-batch, from that of its first pass alone: a resume repeats it."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0]) >> 1


def _of_norm(gradient: np.ndarray, length: float) -> np.ndarray:
    norm = float(np.linalg.norm(gradient))
    return gradient * np.float32(length / norm) if norm > 0 else np.zeros_like(gradient)


def _within(offset: np.ndarray, radius: float) -> np.ndarray:
    norm = float(np.linalg.norm(offset))
    return offset * np.float32(radius / norm) if norm > radius else offset
