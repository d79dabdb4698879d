"""Heads: from hidden states to the outputs of a task."""

from mindspore import nn

from tasklab.nn.compat import dense


class QuestionAnsweringHead(nn.Cell):
    """Scores every token as start and as end of the answer (Devlin et al. 2019, section 4.2).

    Inputs:  hidden [B, S, H].   Returns: start_logits, end_logits, each [B, S]; padding is not masked.
    """

    def __init__(self, hidden_size: int):
        super().__init__()
        self.output = dense(hidden_size, 2)

    def construct(self, hidden):
        logits = self.output(hidden)  # [B, S, 2]
        return logits[..., 0], logits[..., 1]
