"""Compiled graphs of a task's network: gradients for training, outputs for evaluation; one compilation per shape."""

import time

import mindspore as ms
import numpy as np
from mindspore import ParameterTuple, Tensor, nn

from tasklab.nn.blocks.dropout import bind_dropout


class CompileLog:
    """How often and how long graphs were compiled: the first call of each shape, the run of that one step included."""

    def __init__(self):
        self.count, self.seconds, self._shapes = 0, 0.0, set()

    def timed(self, kind: str, shapes: tuple, call):
        """Runs `call`; books its time as compilation when this kind of graph meets these shapes for the first time."""
        if (kind, shapes) in self._shapes:
            return call()
        start = time.perf_counter()
        result = call()
        self._shapes.add((kind, shapes))
        self.count += 1
        self.seconds += time.perf_counter() - start
        return result


class SummedLoss(nn.Cell):
    """Network and loss as one function of a batch's columns: (sum of row losses, sum of weights)."""

    def __init__(self, network: nn.Cell, loss: nn.Cell, num_inputs: int):
        super().__init__(auto_prefix=False)
        self.network, self.loss, self.num_inputs = network, loss, num_inputs

    def construct(self, *columns):
        outputs = self.network(*columns[: self.num_inputs])
        return self.loss(*outputs, *columns[self.num_inputs :])


class GradientStep(nn.Cell):
    """Gradient of the summed loss for one micro-batch; `objective` makes a cell of (network, loss, inputs of it)."""

    def __init__(self, network: nn.Cell, loss: nn.Cell, compiles: CompileLog, objective=SummedLoss):
        super().__init__(auto_prefix=False)
        self.parameters = ParameterTuple(network.trainable_params())
        self.columns = (*network.inputs, *loss.labels, "sample_weight")
        self.compiles = compiles
        self.dropout_seed = bind_dropout(network)
        self.summed_loss = objective(network, loss, len(network.inputs))
        self.gradient = ms.value_and_grad(self.summed_loss, None, self.parameters, has_aux=True)
        self.set_train(True)

    def construct(self, *columns):
        (loss, weight), grads = self.gradient(*columns)
        return loss, weight, grads

    def run(self, batch: dict[str, np.ndarray], seed: int):
        """(summed loss, summed weight, gradients): two floats and a tuple of tensors in the order of `parameters`.

        Args:
            seed: dropout seed of this micro-batch, 0 .. 2**31 - 1; equal seeds drop equal values.
        """
        self.set_train(True)
        self.dropout_seed.set_data(Tensor(seed, ms.int32))
        columns = [Tensor(batch[name]) for name in self.columns]
        shapes = tuple(column.shape for column in columns)
        loss, weight, grads = self.compiles.timed("train", shapes, lambda: self(*columns))
        return float(loss.asnumpy()), float(weight.asnumpy()), grads


def dropout_seed(seed: int, global_step: int, micro_batch: int) -> int:
    """Dropout seed of one micro-batch, 0 .. 2**31 - 1, from its place in the run alone."""
    return int(np.random.SeedSequence((seed, global_step, micro_batch)).generate_state(1)[0]) >> 1


def forward(network: nn.Cell, batch: dict[str, np.ndarray], compiles: CompileLog) -> tuple[np.ndarray, ...]:
    """Outputs of the network without dropout, as NumPy arrays in float32."""
    if network.training:
        network.set_train(False)
    columns = [Tensor(batch[name]) for name in network.inputs]
    shapes = tuple(column.shape for column in columns)
    outputs = compiles.timed("predict", shapes, lambda: network(*columns))
    return tuple(output.asnumpy() for output in outputs)
