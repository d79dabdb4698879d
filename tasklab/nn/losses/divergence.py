"""How far two predictions for the same row lie apart: for R-Drop and distillation."""

import mindspore as ms
from mindspore import ops


def softmax_kl(first, second):
    """KL(p || q) in nats, p and q the softmax of two logits [..., C] over C: [...]."""
    log_p, log_q = ops.log_softmax(first, axis=-1), ops.log_softmax(second, axis=-1)
    return (ops.exp(log_p) * (log_p - log_q)).sum(axis=-1)


def sigmoid_kl(first, second):
    """KL(p || q) in nats of a coin each, p and q the sigmoid of two logits: [...]."""
    apart = log_sigmoid(first) - log_sigmoid(second)
    return apart - ops.sigmoid(-first) * (first - second)  # log(1 - sigmoid x) = log(sigmoid x) - x


def log_sigmoid(x):
    """Finite for logits of any size."""
    return -ops.relu(-x) - ops.log1p(ops.exp(-ops.abs(x)))


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
