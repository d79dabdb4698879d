"""Cosines that come to be the labels."""

from mindspore import nn

from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines


class CosineMSE(nn.Cell):
    """(cos(u, v) - y)^2, y from 0 to 1 (DSSM as PLM_task has it; CosineSimilarityLoss of sentence-transformers).

    For scores of how alike two texts are, and for the simplest start with 0 and 1. Only the order counts in the end:
    CoSENT learns that directly, and is mostly better.
    Inputs: vectors [B, 2, D]; labels [B] float; sample_weight [B].
    """

    labels = ("labels",)

    def construct(self, vectors, labels, sample_weight):
        off = pair_cosines(vectors)[:, 0] - labels  # [B]
        return (off * off * sample_weight).sum(), sample_weight.sum()


@MATCHING.register("cosine_mse")
def cosine_mse(loss, width):
    return CosineMSE()
