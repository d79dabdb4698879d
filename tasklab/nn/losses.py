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


class ClassificationLoss(nn.Cell):
    """Cross entropy of one class per row. Inputs: logits [B, C]; labels [B] int; sample_weight [B]."""

    def construct(self, logits, labels, sample_weight):
        return cross_entropy(logits, labels, sample_weight)


class RegressionLoss(nn.Cell):
    """Squared error of one number per row. Inputs: logits [B, 1]; labels [B] float; sample_weight [B]."""

    def construct(self, logits, labels, sample_weight):
        error = logits[:, 0].astype(ms.float32) - labels
        return (error * error * sample_weight).sum(), sample_weight.sum()


class MultiLabelLoss(nn.Cell):
    """Binary cross entropy in nats, its mean over the classes: for rows with any number of classes each.

    Inputs: logits [B, C]; labels [B, C] float, 1 for each class of the row and 0 for the others; sample_weight [B].
    """

    def construct(self, logits, labels, sample_weight):
        x = logits.astype(ms.float32)
        losses = ops.relu(x) - x * labels + ops.log1p(ops.exp(-ops.abs(x)))  # finite for logits of any size
        return (losses.mean(axis=-1) * sample_weight).sum(), sample_weight.sum()


class SpanLoss(nn.Cell):
    """Mean of the cross entropies of start and end, summed over the rows: for answers that are spans of the input.

    Inputs:  start_logits, end_logits [B, S]; start_positions, end_positions [B] int; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`; a row with one of its positions out of range counts half.
    """

    def construct(self, start_logits, end_logits, start_positions, end_positions, sample_weight):
        start_sum, start_count = cross_entropy(start_logits, start_positions, sample_weight)
        end_sum, end_count = cross_entropy(end_logits, end_positions, sample_weight)
        return (start_sum + end_sum) / 2, (start_count + end_count) / 2
