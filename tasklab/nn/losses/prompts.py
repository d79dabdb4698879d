"""The loss of a prompt: which label the words at the masks tell (Schick and Schütze 2021, section 3.1)."""

import mindspore as ms
from mindspore import Tensor, nn, ops

from tasklab.nn.blocks.attention import MASKED
from tasklab.nn.losses.divergence import softmax_divergence


class PromptLoss(nn.Cell):
    """A loss of classes, whose scores are log P(label): the logarithm of the sum of P(word) over the label's words, P
    of a word being the product over its tokens of softmax over the whole vocabulary, a mask for each.

    Args:
        table: data.texts.prompts.verbalizer.WordTable.
        loss: (scores [B, C], labels [B], sample_weight [B]) -> (sum, weight).
    Inputs: logits [B, L, V]; labels [B] int; sample_weight [B].
    """

    labels = ("labels",)

    def __init__(self, table, loss: nn.Cell):
        super().__init__()
        self.loss = loss
        self.ids, self.weights = Tensor(table.ids), Tensor(table.weights)  # [U], [L * U, W]
        self.words, self.shape = Tensor(table.words.reshape(-1)), table.words.shape  # [C * K], (C, K)
        self.absent = Tensor((1 - table.present) * MASKED)  # [C, K]
        self.product = ops.MatMul()

    def construct(self, logits, labels, sample_weight):
        return self.loss(self.scores(logits), labels, sample_weight)

    def scores(self, logits):
        """log P(label) [B, C] float32."""
        B, L, V = logits.shape
        log_probs = ops.log_softmax(logits.reshape((B * L, V)).astype(ms.float32), axis=-1)
        log_probs = ops.gather(log_probs, self.ids, 1).reshape((B, -1))  # [B, L * U]
        words = self.product(log_probs, self.weights)  # [B, W]
        words = ops.gather(words, self.words, 1).reshape((B, *self.shape)) + self.absent  # [B, C, K]
        top = ops.stop_gradient(words.max(axis=-1, keepdims=True))  # subtracted: exp of a difference never overflows
        return (ops.log(ops.exp(words - top).sum(axis=-1, keepdims=True)) + top)[:, :, 0]

    def divergence(self, first, second):
        """Of the labels' probabilities, for R-Drop: [B]."""
        return softmax_divergence(self.scores(first), self.scores(second))
