"""A match nearer than what does not match, by a margin."""

from mindspore import nn, ops

from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines

MARGIN = 0.5
"""Where loss.margin says none."""


class Triplet(nn.Cell):
    """max(0, cos(u, n) - cos(u, v) + m), the mean over the texts n of the row that do not match (Schroff et al. 2015,
    on cosines instead of Euclidean distances).

    For triples of which the third text is a good negative; with few rows, or where other rows may match too. Else
    `InBatch` with the same triples learns more from each.
    Args:
        margin: m.
    Inputs: vectors [B, T, D]; present [B, T] float; sample_weight [B]. Rows without such texts do not count.
    """

    labels = ("present",)

    def __init__(self, margin: float = MARGIN):
        super().__init__()
        self.margin = margin

    def construct(self, vectors, present, sample_weight):
        cosines, there = pair_cosines(vectors), present[:, 2:]  # [B, T - 1], [B, T - 2]
        short = ops.relu(cosines[:, 1:] - cosines[:, :1] + self.margin)
        count = there.sum(axis=1)  # [B]
        weight = sample_weight * (count > 0).astype(sample_weight.dtype)
        rows = (short * there).sum(axis=1) / ops.maximum(count, ops.ones_like(count))
        return (rows * weight).sum(), weight.sum()


@MATCHING.register("triplet")
def triplet(loss, width):
    return Triplet(MARGIN if loss.margin is None else loss.margin)
