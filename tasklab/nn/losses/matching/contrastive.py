"""Matches drawn together, others pushed apart up to a margin."""

from mindspore import nn, ops

from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines

MARGIN = 0.5
"""Where loss.margin says none, as ContrastiveLoss of sentence-transformers."""


class Contrastive(nn.Cell):
    """(y d^2 + (1 - y) max(0, m - d)^2) / 2 with d = 1 - cos(u, v) (Hadsell et al. 2006).

    For labels of 0 and 1 with many easy pairs: those that differ by more than m no longer count.
    Args:
        margin: m, a distance of cosines: 0.5 is a cosine of 0.5.
    Inputs: vectors [B, 2, D]; labels [B] float; sample_weight [B].
    """

    labels = ("labels",)

    def __init__(self, margin: float = MARGIN):
        super().__init__()
        self.margin = margin

    def construct(self, vectors, labels, sample_weight):
        distance = 1 - pair_cosines(vectors)[:, 0]  # [B]
        short = ops.relu(self.margin - distance)
        rows = (labels * distance * distance + (1 - labels) * short * short) / 2
        return (rows * sample_weight).sum(), sample_weight.sum()


@MATCHING.register("contrastive")
def contrastive(loss, width):
    return Contrastive(MARGIN if loss.margin is None else loss.margin)
