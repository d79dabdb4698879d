"""Log-probabilities of words over a large vocabulary as one MindSpore operator that never holds the logits."""

import functools

import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.kernels.ops import library_path


class WordLoss(nn.Cell):
    """log softmax(hidden table^T) of one word per row, by blocks of the vocabulary, in training as in scoring.

    T rows, H size of a word vector, V words. In training the scores of 512 rows at a time are kept until both gradients
    are made of them, already in the forward pass: the backward pass only scales, as long as all rows count alike, and
    computes the scores again where they do not. Rows without a target cost nothing. With `bfloat16` the products read
    bfloat16 operands; sums, parameters and gradients stay float32.
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
        self.infer, self.train_step = _primitives(self.bfloat16, frozen)
        self.settings = Tensor(np.array([self.bfloat16, frozen], np.int32))

    def construct(self, hidden, table, targets):
        if self.training:
            results = self.train_step(hidden, table, targets, self.settings)
            return results[0], results[1]
        return self.infer(hidden, table, targets, self.settings)


@functools.cache
def _primitives(bfloat16: bool, frozen: bool):
    """The operators for prediction and for training."""
    path = library_path(bfloat16)

    def grad_shape(dtarget, dmean, hidden, *rest):
        return hidden

    backward = ops.Custom(f"{path}:TasklabWordsGrad", grad_shape, grad_shape, "aot")

    def bprop(hidden, table, targets, settings, out, dout):
        dhidden = backward(dout[0], dout[1], hidden, table, targets, settings, out[2], out[3])
        # scaled where it is; to a frozen table's gradient another use would add its own, of the table's shape
        dtable = ops.zeros_like(table) if frozen else ops.depend(out[3], dhidden)
        return dhidden, dtable, ops.zeros_like(targets), ops.zeros_like(settings)

    def shapes(hidden, table, targets, settings):
        return targets, targets

    def types(hidden, table, targets, settings):
        return hidden, hidden

    def train_shapes(hidden, table, targets, settings):
        return targets, targets, hidden, [1] if frozen else table

    def train_types(hidden, table, targets, settings):
        return hidden, hidden, hidden, table

    infer = ops.Custom(f"{path}:TasklabWords", shapes, types, "aot")
    train = ops.Custom(f"{path}:TasklabWordsTrain", train_shapes, train_types, "aot", bprop)
    train.add_prim_attr("frozen", frozen)  # else one inferred shape would do for both
    return infer, train
