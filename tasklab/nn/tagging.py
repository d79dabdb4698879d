"""One class per token: head and loss of token classification."""

import mindspore as ms
from mindspore import nn

from tasklab.nn.compat import dense
from tasklab.nn.crf import CRF
from tasklab.nn.dropout import Dropout
from tasklab.nn.losses import cross_entropy


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
        logits = self.classifier(self.dropout(hidden))
        return (logits,) if self.crf is None else (logits, self.crf(hidden.shape[0]))


class TokenLoss(nn.Cell):
    """Cross entropy in nats, every tagged token counting once.

    Inputs:  logits [B, S, C]; labels [B, S] int, 1 + the class, 0 for none; sample_weight [B].
    Returns: (sum, count) as `cross_entropy`.
    """

    def construct(self, logits, labels, sample_weight):
        B, S, C = logits.shape
        weight = (sample_weight.astype(ms.float32).reshape((B, 1)) * self.has_label(labels)).reshape((-1,))
        return cross_entropy(logits.reshape((B * S, C)), labels.reshape((-1,)) - 1, weight)

    def has_label(self, labels):
        """Which tokens count, for R-Drop too."""
        return labels > 0
