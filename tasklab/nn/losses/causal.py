"""The loss of the next word, from log-probabilities that the head has already told."""

import mindspore as ms
from mindspore import nn


class CausalLoss(nn.Cell):
    """Cross entropy in nats, every word that is asked for counting once.

    Inputs:  log_probabilities [B, S]; target_ids [B, S] int, below 0 where none is asked for; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`.
    """

    labels = ("target_ids",)

    def construct(self, log_probabilities, target_ids, sample_weight):
        B, S = target_ids.shape
        asked = (target_ids >= 0).astype(ms.float32)
        weight = sample_weight.astype(ms.float32).reshape((B, 1)) * asked  # [B, S]
        return -(log_probabilities * weight).sum(), weight.sum()


class SmoothedCausalLoss(CausalLoss):
    """The same with `label_smoothing` of each word spread over all of the vocabulary, the own one too.

    Inputs: log_probabilities, mean_log_probabilities over all words [B, S]; then those of `CausalLoss`.
    """

    def __init__(self, label_smoothing: float):
        super().__init__()
        self.label_smoothing = label_smoothing

    def construct(self, log_probabilities, mean_log_probabilities, target_ids, sample_weight):
        e = self.label_smoothing
        smoothed = log_probabilities * (1 - e) + mean_log_probabilities * e
        return super().construct(smoothed, target_ids, sample_weight)


def causal_loss(label_smoothing: float = 0.0) -> nn.Cell:
    """The one that fits the head `causal` under the same setting."""
    return SmoothedCausalLoss(label_smoothing) if label_smoothing else CausalLoss()
