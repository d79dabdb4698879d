"""The loss over a batch and a queue against NumPy in float64."""

import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.blocks.vector_queue import VectorQueue
from tasklab.nn.losses.matching.in_batch import InBatch


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def oracle(vectors, weight, queue, scale):
    """Summed -log of each row's own match among the matches of rows that count and the vectors of the queue."""
    u, v = unit(vectors[:, 0]), unit(np.concatenate([vectors[weight > 0, 1], queue]))
    scores = np.exp(scale * u[weight > 0] @ v.T)
    return -np.log(np.diag(scores) / scores.sum(axis=1)).sum()


def told(vectors, weight, queue):
    present = np.ones(vectors.shape[:2], np.float32)
    loss = InBatch(scale=5.0, queue=queue)
    return [float(x.asnumpy()) for x in loss(*map(Tensor, (vectors, present, weight)))]


def test_vectors_of_the_queue_are_told_from_where_they_are_there(rng):
    vectors = rng.standard_normal((4, 2, 6)).astype(np.float32)
    weight = np.array([1, 1, 1, 0], np.float32)
    queue = VectorQueue(7, 6, 0.995)
    empty, none = told(vectors, weight, queue), told(vectors, weight, None)
    assert empty == pytest.approx(none) and none == pytest.approx([oracle(vectors, weight, np.zeros((0, 6)), 5.0), 3])
    kept = 3 * rng.standard_normal((5, 6))  # two places stay free; lengths count for nothing
    queue.push(kept)
    assert told(vectors, weight, queue) == pytest.approx([oracle(vectors, weight, kept, 5.0), 3], rel=1e-5)
