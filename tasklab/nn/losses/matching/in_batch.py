"""A text's match among all texts of the batch."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.blocks.vector_queue import VectorQueue
from tasklab.nn.losses.matching import MATCHING
from tasklab.nn.losses.matching.cosines import unit


class InBatch(nn.Cell):
    """-log softmax_j(s (cos(u_i, c_j) - m [j = i])) at j = i, the candidates c_j the matches of all rows and then the
    texts that are given as no match (Henderson et al. 2017; MultipleNegativesRankingLoss; SimCSE's with one text
    twice, Gao et al. 2021).

    For pairs that match, without others: the larger the batch the better, as every other row is a text to be told from.
    Equal texts in one batch would be told from themselves.
    Args:
        scale: s, 1 / temperature.   margin: m, which the match has to be ahead by.
        symmetric: the mean with the same loss of each match among all u_j.
        negatives: of "in_batch", "given" (each row's own alone) and "both" (those of all rows too).
        queue: of vectors that are candidates too and match no row (ESimCSE, Wu et al. 2022); a row is not told from
            those of its own texts.
    Inputs: vectors [B, T, D]; present [B, T] float, 1 for texts that are there; with a queue texts [B, T] int, which
        text each is; sample_weight [B].
    """

    over_batch = True

    def __init__(
        self, scale: float, margin: float = 0.0, symmetric: bool = False, negatives: str = "both",
        queue: VectorQueue | None = None,
    ):  # fmt: skip
        super().__init__()
        self.labels = ("present",) if queue is None else ("present", "texts")
        self.queue = queue
        self.scale, self.margin, self.symmetric, self.negatives = scale, margin, symmetric, negatives

    def construct(self, vectors, present, *more):
        B, T, _ = vectors.shape
        x, weight = unit(vectors), more[-1].astype(ms.float32)
        there = present * weight[:, None]  # [B, T]
        own = ops.eye(B, B, ms.float32)  # [B, B]
        matches = ops.matmul(x[:, 0], x[:, 1].T) - self.margin * own  # [B, B]
        scores = self.scale * matches + (1 - there[None, :, 1]) * MASKED
        if self.negatives == "given":
            scores = scores + (1 - own) * MASKED
        if T > 2 and self.negatives != "in_batch":
            others = ops.matmul(x[:, 0], x[:, 2:].reshape((B * (T - 2), -1)).T)  # [B, B (T - 2)]
            absent = 1 - there[:, 2:].reshape((1, -1))  # [1, B (T - 2)]
            if self.negatives == "given":  # those of other rows are not there either
                absent = ops.maximum(absent, 1 - own.repeat_interleave(T - 2, 1))
            scores = ops.cat((scores, self.scale * others + absent * MASKED), axis=1)
        if self.queue is not None:
            kept = ops.matmul(x[:, 0], unit(self.queue.vectors).T)  # [B, M]
            scores = ops.cat((scores, self.scale * kept + self._not_told_from(more[0]) * MASKED), axis=1)
        rows = _at_own(scores, own)  # [B]
        if self.symmetric:
            back = self.scale * matches.T + (1 - weight[None]) * MASKED
            rows = (rows + _at_own(back, own)) / 2
        return (rows * weight).sum(), weight.sum()

    def _not_told_from(self, texts):
        """[B, M], 1 where the queue holds nothing yet, or the row's own text or its match."""
        kept = self.queue.texts[None]  # [1, M]
        own = ops.logical_or(texts[:, :1] == kept, texts[:, 1:2] == kept).astype(ms.float32)
        return ops.maximum(own, 1 - self.queue.filled)


def _at_own(scores, own):
    """[B, C] and the identity [B, B] -> [B]: -log softmax at the row's own place."""
    chosen = ops.log_softmax(scores, axis=-1)[:, : own.shape[0]]
    return -(chosen * own).sum(axis=-1)


@MATCHING.register("in_batch")
def in_batch(loss, width):
    queue = VectorQueue(loss.queue_size, width, loss.queue_momentum) if loss.queue_size else None
    return InBatch(loss.scale, loss.margin or 0.0, loss.symmetric, loss.negatives, queue)
