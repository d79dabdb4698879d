"""The answer to a question as a span of tokens."""

from mindspore import nn

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.compat import dense


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
        hide = (1 - mask).astype(logits.dtype) * MASKED  # [B, S]
        return logits[..., 0] + hide, logits[..., 1] + hide
