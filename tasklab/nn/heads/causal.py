"""How probable each next word is (Bengio et al. 2003), scored by blocks of the vocabulary."""

import mindspore as ms
from mindspore import nn, ops

from tasklab.kernels.word_loss import WordLoss
from tasklab.nn.compat import parameter
from tasklab.nn.heads.pretraining import Decoder

BLOCK = 4096
"""Words whose scores exist at a time: 32 MB for 2,048 tokens."""


class CausalNetwork(nn.Cell):
    """Inputs: input_ids; documents, the number of the token's document in its row from 1, 0 = padding; position_ids,
        from 0 in each document; target_ids, the next word, -1 where none is asked for. Each [B, S] int32.
    Returns: a tuple of log-probabilities in nats [B, S] float32, 0 where no word is asked for, and with `mean` of the
        head their mean over all words too.
    """

    inputs, axes = ("input_ids", "documents", "position_ids", "target_ids"), ("rows", "tokens")

    def __init__(self, encoder: nn.Cell, head: nn.Cell):
        super().__init__()
        self.encoder, self.head = encoder, head

    def construct(self, input_ids, documents, position_ids, target_ids):
        hidden = self.encoder(input_ids, documents, ops.zeros_like(input_ids), position_ids)
        return self.head(hidden, target_ids)


class CausalHead(nn.Cell):
    """Tells words by the encoder's own table [V, H]; tied: false gives it one of its own.

    scores: a cell (hidden [T, H], table [V, H], targets [T]) -> (log-probability [T], its mean over all words [T]).
    mean: whether the second one is returned, as smoothed labels need it.
    bias: added to the scores. scale: of the states, before they meet the words.
    Inputs: hidden [B, S, H], target_ids [B, S].   Returns: a tuple of [B, S] float32.
    """

    def __init__(
        self, words: ms.Parameter, tied: bool, scores: nn.Cell, mean: bool = False, bias: bool = False,
        scale: float = 1.0,
    ):  # fmt: skip
        super().__init__()
        self.decoder = None if tied else Decoder(*words.shape)
        self.bias, self.scale = parameter((words.shape[0],), "bias") if bias else None, scale
        # past Cell.__setattr__, which would rename it: it is a weight of the encoder
        object.__setattr__(self, "words", words if tied else self.decoder.weight)
        self.scores, self.mean = scores, mean

    def leave_out_frozen(self):
        """Tells a kernel when nobody wants the table's gradient."""
        if isinstance(self.scores, WordLoss):
            learns = self.words.requires_grad or self.bias is not None and self.bias.requires_grad
            self.scores.freeze(not learns)

    def construct(self, hidden, target_ids):
        shape = target_ids.shape
        hidden = hidden.astype(ms.float32).reshape((-1, hidden.shape[-1]))  # [T, H], T = B * S
        hidden, words = hidden if self.scale == 1 else hidden * self.scale, self.words
        if self.bias is not None:  # one more value of each word, times 1
            hidden = ops.concat((hidden, ops.ones((hidden.shape[0], 1), ms.float32)), axis=1)  # [T, H + 1]
            words = ops.concat((words, self.bias.reshape((-1, 1))), axis=1)  # [V, H + 1]
        log_probs, mean = self.scores(hidden, words, target_ids.reshape((-1,)))
        return (log_probs.reshape(shape), mean.reshape(shape)) if self.mean else (log_probs.reshape(shape),)


class WordScores(nn.Cell):
    """Log-probabilities in nats of the targets, and their mean over all V words, with no more than BLOCK scores per
    token at a time, in the gradient too.

    Inputs:  hidden [T, H], table [V, H] float32; targets [T] int32, -1: none.
    Returns: log-probability [T], mean log-probability [T], both 0 where there is no target.
    """

    def __init__(self, mean: bool = False):
        super().__init__()
        self.log_sum, self.product, self.mean = _LogSum(), ops.MatMul(transpose_b=True), mean

    def construct(self, hidden, table, targets):
        V, asked = table.shape[0], (targets >= 0).astype(ms.float32)  # [T]
        total = self.log_sum(hidden, table)  # [T]
        # one product per token, by the table's own gradient of `gather`
        own = (hidden * ops.gather(table, targets.clip(0, None), 0)).sum(axis=-1)
        log_probs = (own - total) * asked
        if not self.mean:
            return log_probs, ops.zeros_like(log_probs)
        # the mean of all scores is the score of the mean word
        word = ops.matmul(ops.fill(ms.float32, (1, V), 1 / V), table)  # [1, H]
        return log_probs, (self.product(hidden, word).reshape((-1,)) - total) * asked


class _LogSum(nn.Cell):
    """log of the sum of exp(hidden @ table.T) over all words: [T, H], [V, H] -> [T]."""

    def __init__(self):
        super().__init__()
        self.scores, self.back, self.outer = ops.MatMul(transpose_b=True), ops.MatMul(transpose_a=True), ops.MatMul()

    def construct(self, hidden, table):
        sums = ()
        for start in range(0, table.shape[0], BLOCK):
            if start:  # one block after another, so that they share their memory
                hidden = ops.depend(hidden, sums[-1])
            sums = (*sums, self.over(self.scores(hidden, table[start : start + BLOCK])))  # of [T, 1] each
        return self.over(ops.concat(sums, axis=1)).reshape((-1,))

    def over(self, x):
        """log of the sum of exp along the rows: [T, n] -> [T, 1], by operators that broadcast nothing."""
        return x[:, :1] - ops.log_softmax(x, axis=-1)[:, :1]

    def bprop(self, hidden, table, out, dout):
        T, H = hidden.shape
        scaled = hidden * self.outer(dout.reshape((T, 1)), ops.ones((1, H), ms.float32))  # [T, H]
        total, pulled, rows = out.reshape((T, 1)), ops.zeros_like(hidden), ()
        for start in range(0, table.shape[0], BLOCK):
            block = ops.depend(table[start : start + BLOCK], pulled)  # [n, H]
            shift = self.outer(total, ops.ones((1, block.shape[0]), ms.float32))  # [T, n]
            shares = ops.exp(self.scores(hidden, block) - shift)  # [T, n] probabilities
            pulled = pulled + self.outer(shares, block)  # [T, H]
            rows = (*rows, self.back(shares, scaled))  # [n, H]
        pulled = pulled * self.outer(dout.reshape((T, 1)), ops.ones((1, H), ms.float32))
        return pulled, ops.concat(rows, axis=0)
