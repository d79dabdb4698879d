"""A second encoder that follows the trained one slowly and fills a queue of vectors (ESimCSE: Wu et al. 2022)."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
from mindspore import Tensor, nn

from tasklab.engine.average import assign, copies
from tasklab.engine.step import CompileLog
from tasklab.errors import CheckpointError
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.vector_queue import VectorQueue


class MomentumEncoder:
    """weights = m * weights + (1 - m) * trained weights after every step; then the queue gets the vectors of the first
    text of every row of the step, made with these weights and without dropout.

    A follower; its state is these weights and the queue. The network takes texts [B, T, S] and returns their vectors
    [B, T, D]; what its head does in training alone counts here too, so that the vectors can be compared.
    """

    name = "momentum"

    def __init__(self, network: nn.Cell, parameters: Sequence, queue: VectorQueue, compiles: CompileLog):
        self.network, self.parameters, self.queue, self.compiles = network, list(parameters), queue, compiles
        self.weights, self.encode = copies(self.parameters), FirstText(network)

    def after_step(self, steps: int, batches: Sequence[dict[str, np.ndarray]]):
        rest = np.float32(1 - self.queue.momentum)
        for own, parameter in zip(self.weights, self.parameters, strict=True):
            own += rest * (parameter.asnumpy() - own)
        trained = copies(self.parameters)
        assign(self.parameters, self.weights)
        try:
            vectors = [self._vectors(columns) for columns in batches]
        finally:
            assign(self.parameters, trained)
            self.network.set_train(True)
        texts = [columns["texts"][columns["sample_weight"] > 0, 0] for columns in batches]
        self.queue.push(np.concatenate(vectors[::-1]), np.concatenate(texts[::-1]))  # the latest first

    def _vectors(self, columns: dict[str, np.ndarray]) -> np.ndarray:
        """[n, D], of the rows that count."""
        self.network.set_train(False)
        self.network.head.set_train(True)
        for _, cell in self.network.head.cells_and_names():
            if isinstance(cell, Dropout):
                cell.set_train(False)
        inputs = [Tensor(columns[name]) for name in self.network.inputs]
        shapes = tuple(column.shape for column in inputs)
        vectors = self.compiles.timed("momentum", shapes, lambda: self.encode(*inputs)).asnumpy()  # [B, D]
        return vectors[columns["sample_weight"] > 0]

    def in_place(self):
        """The trained weights are those that are evaluated and saved."""
        return nullcontext()

    def state(self) -> dict[str, np.ndarray]:
        weights = {f"weights.{p.name}": value for p, value in zip(self.parameters, self.weights, strict=True)}
        kept = {"queue": self.queue.vectors, "filled": self.queue.filled, "texts": self.queue.texts}
        return weights | {name: parameter.asnumpy().copy() for name, parameter in kept.items()}

    def load_state(self, tensors: dict[str, np.ndarray]):
        """Raises: CheckpointError when the checkpoint has no such state, or one of another size."""
        now = self.state()
        other = [key for key, value in now.items() if key not in tensors or tensors[key].shape != value.shape]
        if other:
            raise CheckpointError(
                f"optimizer.safetensors: {self.name}.{other[0]} is missing or has another shape, so the run had "
                "another loss.queue_size, none, or an older version's; resume with the run's own settings, or start "
                "from the weights alone with --from"
            )
        self.weights = [tensors[f"weights.{p.name}"].copy() for p in self.parameters]
        self.queue.fill(tensors["queue"], tensors["filled"], tensors["texts"])


class FirstText(nn.Cell):
    """Texts [B, T, S] -> the vector [B, D] of the first one of each row; a cell of its own, so that it is compiled for
    the present state of the head's training."""

    def __init__(self, network: nn.Cell):
        super().__init__(auto_prefix=False)
        self.network = network

    def construct(self, *inputs):
        first = [column[:, :1] for column in inputs]
        return self.network(*first)[0][:, 0]
