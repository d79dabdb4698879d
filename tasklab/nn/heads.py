"""Heads: from hidden states to the outputs of a task."""

from mindspore import nn

from tasklab.nn.attention import MASKED
from tasklab.nn.compat import dense
from tasklab.nn.dropout import Dropout


class QuestionAnsweringHead(nn.Cell):
    """Scores every token as start and as end of the answer (Devlin et al. 2019, section 4.2).

    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: start_logits, end_logits, each [B, S]; padding gets MASKED, so that a loss does not depend on its amount.
    """

    def __init__(self, hidden_size: int):
        super().__init__()
        self.output = dense(hidden_size, 2)

    def construct(self, hidden, mask):
        logits = self.output(hidden)  # [B, S, 2]
        hide = (1 - mask).astype(logits.dtype) * MASKED
        return logits[..., 0] + hide, logits[..., 1] + hide


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
