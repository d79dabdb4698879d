"""The loss of pointers: every token on its own starts a span or does not, and ends one or does not."""

import mindspore as ms
from mindspore import nn, ops


class PointerLoss(nn.Cell):
    """Mean binary cross entropy of starts and ends in nats, over the real tokens of all rows: for any number of spans.

    That of UIE (Lu et al. 2022), but for padding, which it counts.

    Inputs: start_logits, end_logits [B, S]; start_labels, end_labels [B, S] int, 1 or 0, below 0 for padding;
        sample_weight [B].
    Returns: (sum, count), count is the number of real tokens, each with the weight of its row.
    """

    labels = ("start_labels", "end_labels")

    def construct(self, start_logits, end_logits, start_labels, end_labels, sample_weight):
        weight = (start_labels >= 0).astype(ms.float32) * sample_weight[:, None]  # [B, S]
        losses = pointer_losses(start_logits, start_labels) + pointer_losses(end_logits, end_labels)  # [B, S]
        return (losses * weight).sum() / 2, weight.sum()


def pointer_losses(logits, labels):
    """-log p where the label is 1, else -log(1 - p): [B, S] float32, finite for logits of any size."""
    x = logits.astype(ms.float32)
    softplus = ops.log1p(ops.exp(-ops.abs(x)))
    return ops.relu(x) - x * (labels == 1).astype(ms.float32) + softplus
