"""The loss of a span: its start and its end."""

from mindspore import nn

from tasklab.nn.losses.classes import cross_entropy


class SpanLoss(nn.Cell):
    """Mean of the cross entropies of start and end, summed over the rows: for answers that are spans of the input.

    Inputs:  start_logits, end_logits [B, S]; start_positions, end_positions [B] int; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`; a row with one of its positions out of range counts half.
    """

    labels = ("start_positions", "end_positions")

    def construct(self, start_logits, end_logits, start_positions, end_positions, sample_weight):
        start_sum, start_count = cross_entropy(start_logits, start_positions, sample_weight)
        end_sum, end_count = cross_entropy(end_logits, end_positions, sample_weight)
        # halves, so that a row with both positions counts 1 and sum / count is the mean over rows
        return (start_sum + end_sum) / 2, (start_count + end_count) / 2
