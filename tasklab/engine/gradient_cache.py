"""Losses over large batches in the memory of a small one (GradCache: Gao et al. 2021, arXiv 2101.06983).

The loss compares the vectors of all rows of an optimizer step, but only its gradient by these vectors needs them all at
once: the network runs twice over each micro-batch, and what lies between its layers is never held for more than one.
"""

from collections.abc import Callable, Iterator, Sequence

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from tasklab.config import Config
from tasklab.engine.adversarial import Passes, passes
from tasklab.engine.ranks import Ranks
from tasklab.engine.step import GradientStep
from tasklab.errors import ConfigError

MicroBatches = Sequence[tuple[dict[str, np.ndarray], int]]
"""(columns, dropout seed) of each micro-batch of an optimizer step."""


def gradients_of(step: GradientStep, config: Config, ranks: Ranks) -> Callable[[MicroBatches], Passes]:
    """How the micro-batches of an optimizer step become gradients: one by one, or as one batch for the loss.

    Raises: ConfigError where train.gradient_cache does not go with the loss, or with what else runs.
    """
    if config.train.gradient_cache:
        _refuse(step.summed_loss.loss, config, ranks)
        return GradientCache(step)
    each = passes(step, config.adversarial)
    return lambda batches: (one for columns, seed in batches for one in each(columns, seed))


class GradientCache:
    """Sums of gradients of the loss over all micro-batches together, equal to those of one big batch.

    1. The vectors of every micro-batch, without gradients.   2. The loss over all, and its gradient by vector.
    3. Every micro-batch once more, under the same dropout, backward from its part of that gradient.

    The network has one output [B, ...], the loss takes it with its labels.
    """

    def __init__(self, step: GradientStep):
        network, loss = step.summed_loss.network, step.summed_loss.loss
        self.step, self.inputs = step, network.inputs
        self.labels = (*loss.labels, "sample_weight")
        self.vectors, self.loss = Vectors(network), LossByVector(loss)
        self.backward = Backward(network, step.parameters)

    def __call__(self, batches: MicroBatches) -> Iterator[tuple[float, float, tuple]]:
        self.backward.set_train(True)  # an evaluation may have come between
        vectors = [self._run(self.vectors, columns, seed).asnumpy() for columns, seed in batches]  # each [B, ...]
        labels = [np.concatenate([columns[name] for columns, _ in batches]) for name in self.labels]
        loss, weight, by_vector = self._timed(self.loss, np.concatenate(vectors), *labels)
        loss, weight = float(loss.asnumpy()), float(weight.asnumpy())
        for (columns, seed), own in zip(batches, np.split(by_vector.asnumpy(), len(batches)), strict=True):
            yield loss, weight, self._run(self.backward, columns, seed, own)
            loss = weight = 0.0  # they count once

    def _run(self, cell: nn.Cell, columns: dict[str, np.ndarray], seed: int, *more: np.ndarray):
        self.step.dropout_seed.set_data(Tensor(seed, ms.int32))
        return self._timed(cell, *(columns[name] for name in self.inputs), *more)

    def _timed(self, cell: nn.Cell, *arrays: np.ndarray):
        shapes = tuple(array.shape for array in arrays)
        return self.step.compiles.timed(type(cell).__name__, shapes, lambda: cell(*map(Tensor, arrays)))


class Vectors(nn.Cell):
    """The network's one output."""

    def __init__(self, network: nn.Cell):
        super().__init__(auto_prefix=False)
        self.network = network

    def construct(self, *inputs):
        return self.network(*inputs)[0]


class Backward(nn.Cell):
    """(*inputs, gradient of the loss by the output [B, ...]) -> gradients by parameter."""

    def __init__(self, network: nn.Cell, parameters):
        super().__init__(auto_prefix=False)
        self.gradient = ms.grad(Weighted(network), None, parameters)

    def construct(self, *columns):
        return self.gradient(*columns)


class Weighted(Vectors):
    """Sum of the output times given weights: its gradient is that of a loss whose gradient by the output they are."""

    def construct(self, *columns):
        return (self.network(*columns[:-1])[0] * columns[-1]).sum()


class LossByVector(nn.Cell):
    """(vectors, *labels, sample_weight) -> (summed loss, summed weight, gradient by vectors)."""

    def __init__(self, loss: nn.Cell):
        super().__init__(auto_prefix=False)
        self.gradient = ms.value_and_grad(loss, 0, None, has_aux=True)

    def construct(self, *columns):
        (loss, weight), by_vector = self.gradient(*columns)
        return loss, weight, by_vector


def _refuse(loss: nn.Cell, config: Config, ranks: Ranks):
    message = "train.gradient_cache = true makes one batch for the loss of the micro-batches of a step"
    if not getattr(loss, "over_batch", False):
        raise ConfigError(
            f"{message}, but this loss counts each row alone, which micro-batches change nothing of; leave it out"
        )
    if config.loss.rdrop_alpha or config.adversarial.name != "none":
        other = "loss.rdrop_alpha" if config.loss.rdrop_alpha else "adversarial.name"
        raise ConfigError(f"{message}, and {other} wants several passes over each; leave one of them out")
    if ranks.count > 1:
        raise ConfigError(f"{message} in one process, of which there are {ranks.count}; leave it out")
