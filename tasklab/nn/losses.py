"""Losses as (sum over rows, sum of weights), so that accumulated micro-batches equal one large batch."""

import mindspore as ms
from mindspore import nn, ops


def cross_entropy(logits, labels, sample_weight):
    """(sum, count) of -log softmax(logits)[label] in nats, each row times its weight.

    Args:
        logits: [B, C] float; labels: [B] int, rows outside 0 .. C-1 are ignored; sample_weight: [B] float.
    Returns: two float32 scalars; count is the summed weight of the rows that are not ignored, 0 when all are.
    """
    classes = logits.shape[-1]
    counted = ops.logical_and(labels >= 0, labels < classes)
    weight = sample_weight.astype(ms.float32) * counted.astype(ms.float32)
    log_probs = ops.log_softmax(logits.astype(ms.float32), axis=-1)
    chosen = ops.gather_elements(log_probs, 1, labels.clip(0, classes - 1)[:, None])[:, 0]  # [B]
    return -(chosen * weight).sum(), weight.sum()


class SpanLoss(nn.Cell):
    """Mean of the cross entropies of start and end, summed over the rows: for answers that are spans of the input.

    Inputs:  start_logits, end_logits [B, S]; start_positions, end_positions [B] int; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`; a row with one of its positions out of range counts half.
    """

    def construct(self, start_logits, end_logits, start_positions, end_positions, sample_weight):
        start_sum, start_count = cross_entropy(start_logits, start_positions, sample_weight)
        end_sum, end_count = cross_entropy(end_logits, end_positions, sample_weight)
        return (start_sum + end_sum) / 2, (start_count + end_count) / 2
