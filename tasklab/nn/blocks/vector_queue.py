"""Vectors of texts of past steps, which a loss compares those of the present step with (MoCo: He et al. 2020)."""

import numpy as np
from mindspore import Parameter, Tensor, nn


class VectorQueue(nn.Cell):
    """First in, first out; not trained, and no part of a model.

    vectors [M, D] float32, the latest first; filled [M] float32, 1 for those that are there and 0 before the queue is
    full, which a loss leaves out.

    Args:
        momentum: share of the old weights in the encoder that follows the trained one and makes the vectors.
    """

    def __init__(self, size: int, width: int, momentum: float):
        super().__init__(auto_prefix=False)
        self.momentum = momentum
        self.vectors = Parameter(Tensor(np.zeros((size, width), np.float32)), "queue.vectors", requires_grad=False)
        self.filled = Parameter(Tensor(np.zeros(size, np.float32)), "queue.filled", requires_grad=False)

    def push(self, vectors: np.ndarray):
        """Puts vectors [n, D] before the others; what has no place any more goes."""
        size = len(self.filled)
        ones = np.ones(len(vectors), np.float32)
        self.fill(
            np.concatenate([vectors.astype(np.float32), self.vectors.asnumpy()])[:size],
            np.concatenate([ones, self.filled.asnumpy()])[:size],
        )

    def fill(self, vectors: np.ndarray, filled: np.ndarray):
        """Makes these its content, both as described above."""
        self.vectors.set_data(Tensor(vectors.copy()))
        self.filled.set_data(Tensor(filled.copy()))
