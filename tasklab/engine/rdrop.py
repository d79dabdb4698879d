"""R-Drop: two passes with different dropout shall predict the same (Liang et al. 2021)."""

import functools

import mindspore as ms
from mindspore import nn, ops

from tasklab.config import LossConfig
from tasklab.engine.step import SummedLoss
from tasklab.nn.losses.divergence import softmax_divergence


def objective_of(config: LossConfig):
    """What makes a cell of (network, loss, number of inputs): with R-Drop, or the plain summed loss."""
    return functools.partial(RDropLoss, alpha=config.rdrop_alpha) if config.rdrop_alpha else SummedLoss


class RDropLoss(SummedLoss):
    """Mean of both passes' losses plus alpha times the symmetric divergence of their outputs, as (sum, weight).

    Both passes are one: every row stands in the batch twice, and dropout, which draws by place, drops other values of
    the second. The seed of the micro-batch thus fixes both. A loss with a method `divergence(first, second)` says
    itself how outputs are compared; otherwise they are logits, and their softmax is. One with a method
    `has_label(labels)` says where there is one; otherwise it is where a whole number is not negative.
    """

    def __init__(self, network: nn.Cell, loss: nn.Cell, num_inputs: int, alpha: float):
        super().__init__(network, loss, num_inputs)
        self.alpha = alpha
        self.divergence = getattr(loss, "divergence", softmax_divergence)
        self.has_label = getattr(loss, "has_label", _not_negative)

    def construct(self, *columns):
        rows = columns[0].shape[0]
        doubled = [ops.cat((column, column)) for column in columns]
        outputs = self.network(*doubled[: self.num_inputs])
        total, weight = self.loss(*outputs, *doubled[self.num_inputs :])
        apart = ops.zeros((), ms.float32)
        for output in outputs:
            between = self.divergence(output[:rows], output[rows:])  # [B], or [B, S] where every token has a label
            apart = apart + (between * self.counted(between, columns[self.num_inputs], columns[-1])).sum()
        return total / 2 + self.alpha * apart / len(outputs), weight / 2

    def counted(self, between, labels, sample_weight):
        """Weight of each divergence: as in the loss, rows and tokens without a label do not count."""
        for _ in range(between.ndim - 1):
            sample_weight = sample_weight.expand_dims(-1)
        if labels.ndim == between.ndim and labels.dtype == ms.int32:
            return sample_weight * self.has_label(labels).astype(ms.float32)
        return sample_weight


def _not_negative(labels):
    return labels >= 0
