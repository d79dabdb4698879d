"""Vectors of texts of past steps, which a loss compares those of the present step with (MoCo: He et al. 2020)."""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn


class VectorQueue(nn.Cell):
    """First in, first out; not trained, and no part of a model.

    vectors [M, D] float32, the latest first; filled [M] float32, 1 for those that are there and 0 before the queue is
    full, which a loss leaves out; texts [M] int32, which text each is of, 0 for none.

    Args:
        momentum: share of the old weights in the encoder that follows the trained one and makes the vectors.
    """

    def __init__(self, size: int, width: int, momentum: float):
        super().__init__(auto_prefix=False)
        self.momentum = momentum
        self.vectors = Parameter(Tensor(np.zeros((size, width), np.float32)), "queue.vectors", requires_grad=False)
        self.filled = Parameter(Tensor(np.zeros(size, np.float32)), "queue.filled", requires_grad=False)
        self.texts = Parameter(Tensor(np.zeros(size, np.int32)), "queue.texts", requires_grad=False)

    def push(self, vectors: np.ndarray, texts: np.ndarray):
        """Puts vectors [n, D] of texts [n] before the others; what has no place any more goes."""
        size = len(self.filled)
        ones = np.ones(len(vectors), np.float32)
        self.fill(
            np.concatenate([vectors.astype(np.float32), self.vectors.asnumpy()])[:size],
            np.concatenate([ones, self.filled.asnumpy()])[:size],
            np.concatenate([texts, self.texts.asnumpy()])[:size],
        )

    def fill(self, vectors: np.ndarray, filled: np.ndarray, texts: np.ndarray):
        """Makes these its content, all as described above."""
        self.vectors.set_data(Tensor(vectors, ms.float32))
        self.filled.set_data(Tensor(filled, ms.float32))
        self.texts.set_data(Tensor(texts, ms.int32))
