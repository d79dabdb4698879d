"""The losses of pre-training: masked words, and how two texts stand to each other."""

import mindspore as ms
from mindspore import nn

from tasklab.nn.losses.classes import cross_entropy


class MaskedWordLoss(nn.Cell):
    """(sum, count) over the masked words of their cross entropy in nats.

    Inputs: logits [B, M, V]; masked_labels [B, M] int, below 0 where no word is asked for; sample_weight [B].
    """

    labels = ("masked_labels",)

    def construct(self, logits, masked_labels, sample_weight):
        weight = sample_weight[:, None] * (masked_labels >= 0).astype(ms.float32)  # [B, M]
        return cross_entropy(logits.reshape((-1, logits.shape[-1])), masked_labels.reshape(-1), weight.reshape(-1))


class PretrainingLoss(MaskedWordLoss):
    """The mean of `MaskedWordLoss` plus the mean cross entropy of the rows' sentence labels, times the masked words.

    Times these, so that it is a sum like the first; of micro-batches the one with more masked words counts more.
    Inputs: logits [B, M, V], sentence_logits [B, 2]; masked_labels [B, M], sentence_labels [B]; sample_weight [B].
    """

    labels = ("masked_labels", "sentence_labels")

    def construct(self, logits, sentence_logits, masked_labels, sentence_labels, sample_weight):
        words, count = super().construct(logits, masked_labels, sample_weight)
        sentences, rows = cross_entropy(sentence_logits, sentence_labels, sample_weight)
        # rows is 0 where no row has a sentence label, and so is `sentences`
        return words + sentences / rows.clip(1, None) * count, count
