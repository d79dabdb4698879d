"""Scores of classes from one vector per row."""

from mindspore import nn

from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.compat import dense


class ClassificationHead(nn.Cell):
    """Dropout and one score per class, as transformers' BertForSequenceClassification.

    Inputs:  pooled [B, H].
    Returns: logits [B, C].
    """

    def __init__(self, hidden_size: int, num_labels: int, dropout: float):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.classifier = dense(hidden_size, num_labels)

    def construct(self, pooled):
        return self.classifier(self.dropout(pooled))
