"""Log-probabilities of words over a large vocabulary as one MindSpore operator that never holds the logits."""

import functools

import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.kernels.ops import library_path


class WordLoss(nn.Cell):
    """log softmax(hidden table^T) of one word per row, by blocks of the vocabulary, in training as in scoring.

    T rows, H size of a word vector, V words. The backward pass computes the scores again; rows without a target cost
    nothing. With `bfloat16` the products read bfloat16 operands; sums, parameters and gradients stay float32.
    frozen: nobody wants the table's gradient, and its product is left out.
    Inputs:  hidden [T, H] float32; table [V, H] float32; targets [T] int32, the words' numbers, negative for none.
    Returns: (log_probability [T] of the target, mean_log_probability [T] of all V words, for label smoothing), float32,
        both 0 where there is no target.
    """

    def __init__(self, bfloat16: bool = False, frozen: bool = False):
        super().__init__()
        self.bfloat16 = bfloat16
        self.freeze(frozen)

    def freeze(self, frozen: bool):
        """Takes what stands above for `frozen`, instead of what was said before."""
        self.words = _primitive(self.bfloat16, frozen)
        self.settings = Tensor(np.array([self.bfloat16, frozen], np.int32))

    def construct(self, hidden, table, targets):
        found = self.words(hidden, table, targets, self.settings)
        return found[0], found[1]


@functools.cache
def _primitive(bfloat16: bool, frozen: bool):
    path = library_path(bfloat16)

    def grad_shapes(dtarget, dmean, hidden, table, targets, settings, log_sum):
        return hidden, [1] if frozen else table

    def grad_types(dtarget, dmean, hidden, table, targets, settings, log_sum):
        return hidden, table

    backward = ops.Custom(f"{path}:TasklabWordsGrad", grad_shapes, grad_types, "aot")
    backward.add_prim_attr("frozen", frozen)  # else one inferred shape would do for both

    def bprop(hidden, table, targets, settings, out, dout):
        grads = backward(dout[0], dout[1], hidden, table, targets, settings, out[2])
        # another use of the table would add its own gradient, of the table's shape
        dtable = ops.zeros_like(table) if frozen else grads[1]
        return grads[0], dtable, ops.zeros_like(targets), ops.zeros_like(settings)

    def shapes(hidden, table, targets, settings):
        return targets, targets, targets

    def types(hidden, table, targets, settings):
        return hidden, hidden, hidden

    return ops.Custom(f"{path}:TasklabWords", shapes, types, "aot", bprop)
