"""How far two predictions for the same row lie apart: for R-Drop."""

import mindspore as ms
from mindspore import ops


def softmax_divergence(first, second):
    """(KL(p || q) + KL(q || p)) / 2 in nats, p and q the softmax of two logits [..., C] over C: [...]."""
    log_p, log_q = (ops.log_softmax(logits.astype(ms.float32), axis=-1) for logits in (first, second))
    return 0.5 * ((ops.exp(log_p) - ops.exp(log_q)) * (log_p - log_q)).sum(axis=-1)


def sigmoid_divergence(first, second):
    """The same for classes that do not exclude each other, p and q the sigmoid: [..., C], one for each class."""
    p, q = (ops.sigmoid(logits.astype(ms.float32)) for logits in (first, second))
    return 0.5 * (p - q) * (first - second).astype(ms.float32)  # log p - log q - log(1 - p) + log(1 - q) = x - y


def squared_divergence(first, second):
    """Squared distance, for numbers: summed over the last axis, [...]."""
    return ops.square((first - second).astype(ms.float32)).sum(axis=-1)
