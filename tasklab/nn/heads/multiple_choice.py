"""One of several texts is right: each is scored alone, the scores of a question are compared (Zellers et al. 2018)."""

from mindspore import nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.blocks.dropout import Dropout
from tasklab.nn.blocks.pooling import Pooling
from tasklab.nn.compat import dense
from tasklab.nn.heads.network import INPUTS


class MultipleChoiceHead(nn.Cell):
    """pooled [R, H] -> scores [R]."""

    def __init__(self, hidden_size: int, dropout: float = 0.1):
        super().__init__()
        self.dropout = Dropout(dropout)
        self.classifier = dense(hidden_size, 1)

    def construct(self, pooled):
        return self.classifier(self.dropout(pooled)).reshape((-1,))


class MultipleChoiceNetwork(nn.Cell):
    """Scores C texts per question, with the encoder's pooler as transformers' BertForMultipleChoice, without one as
    UER-py's run_c3.

    Inputs:  input_ids, attention_mask, token_type_ids, each [B, C, S] int32; the mask of a text that a question does
             not have is 0 everywhere.
    Returns: a tuple with logits [B, C], MASKED more for those, so that a softmax gives them nothing.
    """

    inputs, axes = INPUTS, ("rows", "choices", "tokens")

    def __init__(self, encoder: nn.Cell, head: MultipleChoiceHead, pooling: str = "first"):
        super().__init__()
        self.encoder, self.pooling, self.head = encoder, Pooling(pooling), head

    def construct(self, input_ids, attention_mask, token_type_ids):
        B, C, S = input_ids.shape
        rows = (B * C, S)
        mask = attention_mask.reshape(rows)
        hidden = self.encoder(input_ids.reshape(rows), mask, token_type_ids.reshape(rows))  # [B * C, S, H]
        # an absent text still has a first position to pool: the mean over no token would be no number
        pooled_over = ops.concat((ops.ones((B * C, 1), mask.dtype), mask[:, 1:]), axis=1)
        logits = self.head(self.encoder.pool(self.pooling(hidden, pooled_over))).reshape((B, C))
        absent = (1 - attention_mask[:, :, 0]).astype(logits.dtype)  # [B, C]; a text that exists begins with a token
        return (logits + absent * MASKED,)
