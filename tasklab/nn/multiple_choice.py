"""One of several texts is right: each is scored alone, the scores of a question are compared (Zellers et al. 2018)."""

from mindspore import nn

from tasklab.nn.compat import dense
from tasklab.nn.dropout import Dropout


class MultipleChoiceHead(nn.Cell):
    """pooled [R, H] -> scores [R]."""

    def __init__(self, hidden_size: int, dropout: float = 0.1):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.classifier = dense(hidden_size, 1)

    def construct(self, pooled):
        return self.classifier(self.dropout(pooled)).reshape((-1,))


class MultipleChoiceNetwork(nn.Cell):
    """Scores C texts per question with an encoder that has a pooler.

    Inputs:  input_ids, attention_mask, token_type_ids, each [B, C, S] int32.   Returns: logits [B, C].
    """

    def __init__(self, encoder: nn.Cell, head: MultipleChoiceHead):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, attention_mask, token_type_ids):
        B, C, S = input_ids.shape
        rows = (B * C, S)
        hidden = self.encoder(input_ids.reshape(rows), attention_mask.reshape(rows), token_type_ids.reshape(rows))
        return self.head(self.encoder.pool(hidden)).reshape((B, C))
