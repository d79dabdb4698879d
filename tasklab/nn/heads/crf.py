"""A linear-chain conditional random field over the tags of a row (Lafferty et al. 2001; layout of its weights: UER-py).

On CPU NumPy adds up the paths token by token, with all rows at once: 16 rows of 128 tokens and 33 tags take 0.02 s with
their gradients, a tenth of what operators take.
"""

import functools

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.kernels import runtime
from tasklab.nn.compat import parameter, runs_numpy
from tasklab.nn.heads.forward_backward import negative_log_likelihood

NEVER = -1e4
"""Log score of what cannot be; its exponential is 0 in float32."""
TINY = 1e-37


class CRF(nn.Cell):
    """Holds the scores of tag pairs; the network gives them out beside the logits, for the loss and for decoding.

    Inputs:  batch size B, an int.
    Returns: [B, C + 2, C], for each row the same: transitions[from, to], then the start row, then the end row.
    """

    def __init__(self, num_labels: int):
        super().__init__()
        self.transitions = parameter((num_labels, num_labels), "transitions")
        self.start_transitions = parameter((num_labels,), "start_transitions")
        self.end_transitions = parameter((num_labels,), "end_transitions")

    def construct(self, B):
        start, end = self.start_transitions[None], self.end_transitions[None]
        return ops.tile(ops.concat((self.transitions, start, end))[None], (B, 1, 1))  # [B, C + 2, C]


class CRFLoss(nn.Cell):
    """Negative log-likelihood of the tags of a row in nats, summed over rows; positions without a tag are passed over.

    B batch, S sequence, C tags.
    Inputs:  logits [B, S, C]; transitions as `CRF` gives them; labels [B, S] int, 1 + the tag, 0 for none;
             sample_weight [B].
    Returns: (sum over rows, summed weight of the rows that have a tag).
    """

    labels = ("labels",)

    def __init__(self, num_labels: int):
        super().__init__()
        self.paths = NumpyPaths() if runs_numpy() else _PathsByOperators(num_labels)

    def construct(self, logits, transitions, labels, sample_weight):
        # of the equal copies the mean: its gradient goes to all, where a slice of the first has none on CPU
        loss = self.paths(logits.astype(ms.float32), transitions.astype(ms.float32).mean(axis=0), labels)
        weight = sample_weight.astype(ms.float32) * ((labels > 0).sum(axis=1) > 0).astype(ms.float32)
        return (loss * weight).sum(), weight.sum()


class NumpyPaths(nn.Cell):
    """(logits [B, S, C], transitions [C + 2, C], labels [B, S]) -> -log p(labels) [B]. Runs in this process only."""

    def __init__(self):
        super().__init__()
        self.operator = _operator()

    def construct(self, logits, transitions, labels):
        return self.operator(logits, transitions, labels)[0]


@functools.cache
def _operator():
    runtime.run_inline()  # else a spinning thread holds up Python, see kernels/runtime.py

    def shapes(logits, transitions, labels):
        return logits[:1], logits, [logits[0], *transitions]

    def types(logits, transitions, labels):
        return logits, logits, logits

    def bprop(logits, transitions, labels, out, dout):
        row = dout[0].reshape((-1, 1, 1))  # the gradients were found along with the loss
        return row * out[1], (row * out[2]).sum(axis=0), ops.zeros_like(labels)

    return ops.Custom(negative_log_likelihood, shapes, types, "pyfunc", bprop)


class _PathsByOperators(nn.Cell):
    """The same in the graph; for accelerators.

    The sum over all paths is a product of one C x C matrix per token, built pairwise in log2(S) batched steps instead
    of S sequential ones. Exact to float32 while transitions and logits of a token spread over less than 40.
    """

    def __init__(self, num_labels: int):
        super().__init__()
        self.states = num_labels + 1  # the last one is before the first tag
        self.product, self.batch_product = ops.MatMul(), ops.BatchMatMul()
        self.identity = Tensor(np.where(np.eye(self.states), 0, NEVER).reshape(1, -1), ms.float32)
        # logits [C] -> [states, states]: every row the logits, and no way back to the first state
        spread = np.tile(np.eye(num_labels, self.states), (1, self.states))
        self.spread = Tensor(spread, ms.float32)

    def construct(self, logits, transitions, labels):
        B, S, C = logits.shape
        logits = logits.reshape((B * S, C))
        tagged = (labels > 0).astype(ms.float32).reshape((B * S, 1))
        # [B * S, C]; a token without a tag would be -1: it is clipped, and `tagged` leaves it out
        chosen = ops.one_hot((labels - 1).clip(0, None), C).astype(ms.float32).reshape((B * S, C))
        steps, end = ops.split(transitions, (C + 1, 1))
        moves = ops.concat((steps, ops.ones((C + 1, 1), ms.float32) * NEVER), axis=1).reshape((1, -1))
        free = self.log_sum(logits, tagged, moves, end.reshape((-1,)), (B, S))
        # with all other tags ruled out the only path left is that of the labels
        kept = self.log_sum(logits + (1 - chosen) * NEVER, tagged, moves, end.reshape((-1,)), (B, S))
        return free - kept

    def log_sum(self, logits, tagged, moves, end, shape):
        """Log of the summed exponentials over all paths [B]; a position that is not tagged moves nothing."""
        B, S = shape
        n = self.states
        # one product copies logits, moves and the identity into place, see nn/blocks/norm.py
        columns = ops.concat((self.product(tagged, ops.ones((1, n - 1), ms.float32)) * logits, tagged, 1 - tagged), 1)
        steps = self.product(columns, ops.concat((self.spread, moves, self.identity))).reshape((B, S, n, n))
        while S > 1:
            if S % 2:  # an odd one at the end is paired with a step that moves nothing
                rest = ops.tile(self.identity.reshape((1, 1, n, n)), (B, 1, 1, 1))
                steps, S = ops.concat((steps, rest), axis=1), S + 1
            first, second = ops.split(steps.reshape((B * S // 2, 2 * n * n)), n * n, axis=1)
            steps = self.chain(first.reshape((-1, n, n)), second.reshape((-1, n, n)))
            steps, S = steps.reshape((B, S // 2, n, n)), S // 2
        # [B, n]: the last row of the product starts in the state before the first tag
        final = ops.split(steps.reshape((B, n * n)), (n * n - n, n), axis=1)[1]
        return ops.logsumexp(final + ops.tile(ops.concat((end, ops.zeros(1, ms.float32)))[None], (B, 1)), 1)

    def chain(self, first, second):
        """log(exp(first) @ exp(second)), each row of the first and each column of the second scaled to at most 1."""
        rows = ops.stop_gradient(first.max(axis=-1, keepdims=True))
        columns = ops.stop_gradient(second.max(axis=-2, keepdims=True))
        # what is taken off has no gradient: it is added again, so the sum does not depend on it
        summed = self.batch_product(ops.exp(first - rows), ops.exp(second - columns))
        return ops.log(summed.clip(TINY, None)) + rows + columns
