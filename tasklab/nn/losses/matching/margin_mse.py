"""How far a match is ahead of other texts, learned from a cross-encoder."""

from mindspore import nn, ops

from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines


class MarginMSE(nn.Cell):
    """(s (cos(u, v) - cos(u, n)) - (t_v - t_n))^2, t the teacher's scores, the mean over the texts n of the row that do
    not match (Hofstätter et al. 2020; MarginMSELoss, of cosines times s in place of dot products).

    Where a cross-encoder is better than vectors, and its scores of the same texts are at hand: a negative that is none
    by the teacher's score is no longer pushed away.
    Args:
        scale: s; margins of the teacher beyond 2 s cannot be reached.
    Inputs: vectors [B, T, D]; present [B, T], teacher_scores [B, T - 1] float; sample_weight [B].
    """

    labels = ("present", "teacher_scores")

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def construct(self, vectors, present, teacher_scores, sample_weight):
        cosines, there = self.scale * pair_cosines(vectors), present[:, 2:]  # [B, T - 1], [B, T - 2]
        off = (cosines[:, :1] - cosines[:, 1:]) - (teacher_scores[:, :1] - teacher_scores[:, 1:])
        count = there.sum(axis=1)  # [B]
        weight = sample_weight * (count > 0).astype(sample_weight.dtype)
        rows = (off * off * there).sum(axis=1) / ops.maximum(count, ops.ones_like(count))
        return (rows * weight).sum(), weight.sum()


@MATCHING.register("margin_mse")
def margin_mse(loss, width):
    return MarginMSE(loss.scale)
