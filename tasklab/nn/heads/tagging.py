"""Scores of one class per token."""

from mindspore import nn

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.compat import dense
from tasklab.nn.heads.crf import CRF


class TokenHead(nn.Cell):
    """Dropout and one score per class for each token, as transformers' BertForTokenClassification.

    Inputs:  hidden [B, S, H]; mask (not needed).
    Returns: a tuple with logits [B, S, C]; with `crf` also what `CRF` gives.
    """

    def __init__(self, hidden_size: int, num_labels: int, dropout: float, crf: bool = False):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.classifier = dense(hidden_size, num_labels)
        self.crf = CRF(num_labels) if crf else None

    def construct(self, hidden, mask):
        logits = self.classifier(self.dropout(hidden))  # [B, S, C]
        return (logits,) if self.crf is None else (logits, self.crf(hidden.shape[0]))
