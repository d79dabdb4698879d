"""A classifier fitted to the vectors of the training rows, whenever the network is evaluated or saved."""

from collections.abc import Sequence
from contextlib import contextmanager

import numpy as np
from mindspore import Tensor, nn

from tasklab.data.rows.protocol import INPUT
from tasklab.engine.step import CompileLog


class FittedHead:
    """A follower without a state: what it fits follows from weights and rows, and the model's file holds it.

    Args:
        network: its head has `fit`, and in training gives the vectors [R, D] that this takes.
        rows: `table` holds the labelled rows, `weights` how much each counts.
        size: rows of a batch.
    """

    name = "fitted"

    def __init__(self, network: nn.Cell, rows, size: int, compiles: CompileLog):
        self.network, self.rows, self.size, self.compiles = network, rows, size, compiles
        self.encode = _Vectors(network)

    def after_step(self, steps: int, batches: Sequence[dict[str, np.ndarray]]): ...

    @contextmanager
    def in_place(self):
        self.network.head.fit(self._vectors(), self.rows.table["labels"], self.rows.weights)
        yield

    def state(self) -> dict[str, np.ndarray]:
        return {}

    def load_state(self, tensors: dict[str, np.ndarray]): ...

    def _vectors(self) -> np.ndarray:
        """[N, D], without dropout."""
        table = self.rows.table
        length, training = int(table.lengths[INPUT].max()), self.network.training
        self.network.set_train(False)
        self.network.head.set_train(True)
        chunks = []
        for start in range(0, len(table), self.size):
            numbers = np.arange(start, min(start + self.size, len(table)))
            batch = table.batch(numbers, {INPUT: length}, self.size, self.network.inputs)
            inputs = [Tensor(batch[name]) for name in self.network.inputs]
            shapes = tuple(column.shape for column in inputs)
            vectors = self.compiles.timed("vectors", shapes, lambda: self.encode(*inputs))  # noqa: B023 - called at once
            chunks.append(vectors.asnumpy()[: len(numbers)])
        self.network.set_train(training)
        return np.concatenate(chunks)


class _Vectors(nn.Cell):
    """The network in a cell of its own, so that it is compiled for a head in training."""

    def __init__(self, network: nn.Cell):
        super().__init__(auto_prefix=False)
        self.network = network

    def construct(self, *inputs):
        return self.network(*inputs)[0]
