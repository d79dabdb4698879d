"""A network whose outputs are given. Not in a test module: MindSpore compiles a cell by its module's name."""

from mindspore import Tensor, nn


class FixedOutputs(nn.Cell):
    def __init__(self, *outputs):
        super().__init__()
        self.outputs = tuple(Tensor(output) for output in outputs)

    def construct(self, *inputs):
        return self.outputs


class NoLoss(nn.Cell):
    """Nothing but the weights, so that an objective shows what it adds."""

    def construct(self, outputs, labels, sample_weight):
        return 0 * outputs.sum(), sample_weight.sum()


class TwoOutputs(nn.Cell):
    def construct(self, first, second, labels, sample_weight):
        return 0 * first.sum(), sample_weight.sum()
