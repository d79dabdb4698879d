"""The answer to a question as a span of tokens."""

from mindspore import nn, ops

from tasklab.nn.blocks.activations import activation
from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.compat import dense, parameter


class TwoLayers(nn.Cell):
    """Scores behind a Dense and tanh on each token, as UER-py's run_cmrc of 2020: [..., H] -> [..., C]."""

    def __init__(self, hidden_size: int, outputs: int):
        super().__init__()
        self.transform, self.tanh = dense(hidden_size, hidden_size), activation("tanh")
        self.weight, self.bias = parameter((outputs, hidden_size), "weight"), parameter((outputs,), "bias")
        self.product, self.add_bias = ops.MatMul(transpose_b=True), ops.BiasAdd()

    def construct(self, x):
        inner = self.tanh(self.transform(x)).reshape((-1, x.shape[-1]))  # [R, H]
        return self.add_bias(self.product(inner, self.weight), self.bias).reshape((*x.shape[:-1], -1))


class QuestionAnsweringHead(nn.Cell):
    """Scores every token as start and as end of the answer (Devlin et al. 2019, section 4.2).

    Inputs:  hidden [B, S, H]; mask [B, S] int, 1 = real token.
    Returns: start_logits, end_logits, each [B, S]; padding gets MASKED, so that a loss does not depend on its amount.
    """

    def __init__(self, hidden_size: int, layers: int = 1):
        super().__init__()
        self.output = dense(hidden_size, 2) if layers == 1 else TwoLayers(hidden_size, 2)

    def construct(self, hidden, mask):
        logits = self.output(hidden)  # [B, S, 2]
        hide = (1 - mask).astype(logits.dtype) * MASKED  # [B, S]
        return logits[..., 0] + hide, logits[..., 1] + hide
