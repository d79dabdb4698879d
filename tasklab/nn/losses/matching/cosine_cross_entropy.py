"""Cosines as the odds of a match."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines

HALF = 0.5
"""The cosine of even odds where loss.margin does not say one: DSSM's threshold."""


class CosineCrossEntropy(nn.Cell):
    """-y log p - (1 - y) log(1 - p), p = sigmoid(s (cos(u, v) - m)), in nats (the loss of a logistic regression on the
    cosine, as SigLIP has it for all pairs of a batch, Zhai et al. 2023).

    For labels of 0 and 1 where the cosine m shall be the border: what is far beyond it on its own side costs nothing,
    which `CosineMSE` would pull to 0 or 1.
    Args:
        scale: s.   margin: m.
    Inputs: vectors [B, 2, D]; labels [B] float; sample_weight [B].
    """

    labels = ("labels",)

    def __init__(self, scale: float, margin: float = HALF):
        super().__init__()
        self.scale, self.margin = scale, margin

    def construct(self, vectors, labels, sample_weight):
        x = self.scale * (pair_cosines(vectors)[:, 0] - self.margin)  # [B]
        rows = ops.relu(x) - x * labels + ops.log1p(ops.exp(-ops.abs(x)))  # finite for any x
        return (rows * sample_weight.astype(ms.float32)).sum(), sample_weight.sum()


@MATCHING.register("cosine_cross_entropy")
def cosine_cross_entropy(loss, width):
    return CosineCrossEntropy(loss.scale, HALF if loss.margin is None else loss.margin)
