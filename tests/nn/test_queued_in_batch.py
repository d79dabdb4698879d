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


def told(vectors, weight, queue, texts=None):
    present = np.ones(vectors.shape[:2], np.float32)
    loss = InBatch(scale=5.0, queue=queue)
    texts = np.zeros(present.shape, np.int32) - 1 if texts is None else texts
    columns = {"present": present, "texts": texts}
    inputs = (vectors, *(columns[name] for name in loss.labels), weight)
    return [float(x.asnumpy()) for x in loss(*map(Tensor, inputs))]


def test_vectors_of_the_queue_are_told_from_where_they_are_there(rng):
    vectors = rng.standard_normal((4, 2, 6)).astype(np.float32)
    weight = np.array([1, 1, 1, 0], np.float32)
    queue = VectorQueue(7, 6, 0.995)
    empty, none = told(vectors, weight, queue), told(vectors, weight, None)
    assert empty == pytest.approx(none) and none == pytest.approx([oracle(vectors, weight, np.zeros((0, 6)), 5.0), 3])
    kept = 3 * rng.standard_normal((5, 6))  # two places stay free; lengths count for nothing
    queue.push(kept, np.arange(1, 6))
    assert told(vectors, weight, queue) == pytest.approx([oracle(vectors, weight, kept, 5.0), 3], rel=1e-5)


def test_a_row_is_not_told_from_its_own_texts_of_past_steps(rng):
    vectors, weight = rng.standard_normal((2, 2, 6)).astype(np.float32), np.ones(2, np.float32)
    kept, queue = rng.standard_normal((3, 6)), VectorQueue(3, 6, 0.995)
    queue.push(kept, np.array([5, 7, 9]))
    # row 0 is of the texts 5 and 6, row 1 of 8 and 9: row 0 is told from the queue's second and third text alone
    scores = np.exp(5.0 * unit(vectors[:, 0]) @ unit(np.concatenate([vectors[:, 1], kept])).T)
    scores[0, 2] = scores[1, 4] = 0
    wanted = -np.log(scores[[0, 1], [0, 1]] / scores.sum(axis=1)).sum()
    texts = np.array([[5, 6], [8, 9]], np.int32)
    assert told(vectors, weight, queue, texts) == pytest.approx([wanted, 2], rel=1e-5)
