"""The loss of one class per token."""

import mindspore as ms
from mindspore import nn

from tasklab.nn.losses.classes import cross_entropy


class TokenLoss(nn.Cell):
    """Cross entropy in nats, every tagged token counting once.

    Inputs:  logits [B, S, C]; labels [B, S] int, 1 + the class, 0 for none; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`.
    """

    labels = ("labels",)

    def construct(self, logits, labels, sample_weight):
        B, S, C = logits.shape
        # a row's weight for each of its tagged tokens: [B * S]
        weight = (sample_weight.astype(ms.float32).reshape((B, 1)) * self.has_label(labels)).reshape((-1,))
        return cross_entropy(logits.reshape((B * S, C)), labels.reshape((-1,)) - 1, weight)

    def has_label(self, labels):
        """Which tokens count, for R-Drop too."""
        return labels > 0
