"""Pairs of a batch in the order of their labels: CoSENT and AnglE."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import pair_cosines, unit


class Ordered(nn.Cell):
    """log(1 + sum of exp(s (f_j - f_i)) over all i, j with y_i > y_j): what is more alike shall score higher (Su 2022,
    CoSENT). f is the cosine.

    For scores of how alike texts are, and for 0 and 1: the order of the cosines is learned, as Spearman's correlation
    counts it, and no cosine has to come to a certain value. The larger the batch, the more pairs are compared.
    Args:
        scale: s.
    Inputs: vectors [B, 2, D]; labels [B] float; sample_weight [B].
    Returns: the loss times the rows that count, and these.
    """

    labels, over_batch = ("labels",), True

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def alike(self, vectors):
        """[B, 2, D] -> [B]."""
        return pair_cosines(vectors)[:, 0]

    def construct(self, vectors, labels, sample_weight):
        scores = self.scale * self.alike(vectors)  # [B]
        wrong = scores[None, :] - scores[:, None]  # [B, B]: above 0 where j scores higher than i
        counts = (labels[:, None] > labels[None, :]).astype(ms.float32)
        counts = counts * sample_weight[:, None] * sample_weight[None, :]
        all_wrong = (wrong + (1 - counts) * MASKED).reshape((-1,))
        all_wrong = ops.cat((all_wrong, ops.zeros((1,), ms.float32)))  # the 1 of the logarithm
        highest = ops.stop_gradient(all_wrong.max())
        loss = highest + ops.log(ops.exp(all_wrong - highest).sum())
        weight = sample_weight.sum()
        return loss * weight, weight


class Angle(Ordered):
    """The same of f = |sum of the real and the imaginary parts of z / w| |w| / |z|, z and w the vectors read as complex
    numbers, the first half real, the second imaginary (Li & Li 2024, AnglE; as AnglELoss of sentence-transformers).

    Where cosines are near 1 or -1 their gradient vanishes, that of an angle does not: for labels that hardly differ.
    Raises: ValueError when D is odd.
    """

    def alike(self, vectors):
        D = vectors.shape[-1]
        if D % 2:
            raise ValueError(f"AnglE reads vectors as D / 2 complex numbers, but D is {D}")
        x = unit(vectors)
        a, b = x[:, 0, : D // 2], x[:, 0, D // 2 :]  # z = a + b i
        c, d = x[:, 1, : D // 2], x[:, 1, D // 2 :]  # w = c + d i
        # z times the conjugate of w; as both have length 1, dividing by |w|^2 and the ratio of lengths leaves this
        return ops.abs((a * c + b * d + b * c - a * d).sum(axis=-1))


@MATCHING.register("cosent")
def cosent(loss, width):
    return Ordered(loss.scale)


@MATCHING.register("angle")
def angle(loss, width):
    return Angle(loss.scale)
