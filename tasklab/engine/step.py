"""Runs a task's network: gradients for training, outputs for evaluation.

Fused networks run operator by operator: their few operators hold nearly all the work, so a graph would gain nothing
and cost a compilation per shape. All others are compiled graphs.
"""

import time

import mindspore as ms
import numpy as np
from mindspore import ParameterTuple, Tensor, nn

from tasklab.nn.dropout import bind_dropout
from tasklab.nn.transformer import has_kernels


class CompileLog:
    """How often and how long graphs were compiled: the first call of each shape, the run of that one step included."""

    def __init__(self):
        self.count, self.seconds, self._shapes = 0, 0.0, set()

    def run(self, kind: str, cell: nn.Cell, columns: list[Tensor]):
        """cell(*columns); where that is a graph that meets this shape for the first time, its time is booked."""
        shape = columns[0].shape
        if choose_mode(cell) == ms.PYNATIVE_MODE or (kind, shape) in self._shapes:
            return cell(*columns)
        start = time.perf_counter()
        result = cell(*columns)
        self._shapes.add((kind, shape))
        self.count += 1
        self.seconds += time.perf_counter() - start
        return result


def choose_mode(network: nn.Cell) -> int:
    """Sets MindSpore's mode to the one that suits `network`, and returns it."""
    mode = ms.PYNATIVE_MODE if has_kernels(network) else ms.GRAPH_MODE
    if ms.get_context("mode") != mode:
        ms.set_context(mode=mode)
    return mode


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

    def __init__(self, network: nn.Cell, loss: nn.Cell, inputs, labels, compiles: CompileLog, objective=SummedLoss):
        super().__init__(auto_prefix=False)
        self.parameters = ParameterTuple(network.trainable_params())
        self.columns = (*inputs, *labels, "sample_weight")
        self.compiles = compiles
        self.dropout_seed = bind_dropout(network)
        self.summed_loss = objective(network, loss, len(inputs))
        choose_mode(network)  # value_and_grad works for the mode in which it was made
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
        loss, weight, grads = self.compiles.run("train", self, columns)
        return float(loss.asnumpy()), float(weight.asnumpy()), grads


def forward(network: nn.Cell, batch: dict[str, np.ndarray], inputs, compiles: CompileLog) -> tuple[np.ndarray, ...]:
    """Outputs of the network without dropout, as NumPy arrays in float32."""
    if network.training:
        network.set_train(False)
    columns = [Tensor(batch[name]) for name in inputs]
    outputs = compiles.run("predict", network, columns)
    return tuple(output.asnumpy() for output in outputs)
