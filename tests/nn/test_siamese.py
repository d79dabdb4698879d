"""Two texts apart: the features worked out in NumPy for an encoder that looks words up."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

from tasklab.engine.step import SummedLoss
from tasklab.nn.heads.classes import ClassificationHead
from tasklab.nn.heads.siamese import PAIR_FEATURES, SiameseNetwork
from tasklab.nn.init import initialize
from tasklab.nn.losses.classes import ClassificationLoss

H, C = 8, 3


class Words(nn.Cell):
    """An encoder that looks words up."""

    def __init__(self):
        super().__init__()
        self.table = Parameter(Tensor(np.random.default_rng(1).standard_normal((20, H)), ms.float32))

    def construct(self, input_ids, attention_mask, token_type_ids):
        return ops.gather(self.table, input_ids, 0)


def network(kind: str, pooling="mean") -> SiameseNetwork:
    features = PAIR_FEATURES[kind]
    made = SiameseNetwork(Words(), ClassificationHead(len(features) * H, C, 0.0), pooling, features)
    initialize(made.head, 3, 0.5)
    return made.set_train(False)


def rows(rng) -> list[np.ndarray]:
    """Ids, mask and types of two pairs of texts of 3 and 4, and of 5 and 2 tokens: [2, 2, 5]."""
    mask = (np.arange(5) < np.array([[3, 4], [5, 2]])[..., None]).astype(np.int32)
    return [rng.integers(1, 20, mask.shape).astype(np.int32) * mask, mask, np.zeros_like(mask)]


@pytest.mark.parametrize("kind", PAIR_FEATURES)
def test_the_head_sees_both_vectors_their_distance_and_their_product(run, rng, kind):
    cell, inputs = network(kind), rows(rng)
    ids, mask, _ = inputs
    means = (cell.encoder.table.asnumpy()[ids] * mask[..., None]).sum(axis=2) / mask.sum(axis=2)[..., None]
    u, v = means[:, 0], means[:, 1]
    features = {"siamese": [u, v, abs(u - v), u * v], "sbert": [u, v, abs(u - v)]}[kind]
    weight, bias = cell.head.classifier.weight.asnumpy(), cell.head.classifier.bias.asnumpy()
    (logits,) = run(cell, *inputs)
    np.testing.assert_allclose(logits, np.concatenate(features, axis=1) @ weight.T + bias, atol=1e-5)


def test_equal_texts_have_no_distance_and_swapped_ones_the_same(run, rng):
    cell = network("sbert", "first")
    weight = np.zeros((C, 3 * H), np.float32)
    weight[:, 2 * H :] = 1  # the distance alone
    cell.head.classifier.weight.set_data(Tensor(weight))
    inputs, bias = rows(rng), cell.head.classifier.bias.asnumpy()
    equal, swapped = ([np.ascontiguousarray(a[:, order]) for a in inputs] for order in ([0, 0], [1, 0]))
    np.testing.assert_allclose(run(cell, *equal)[0] - bias, 0, atol=1e-6)
    np.testing.assert_allclose(run(cell, *swapped)[0], run(cell, *inputs)[0], atol=1e-6)


def test_both_texts_teach_the_one_encoder(rng):
    cell, inputs = network("siamese").set_train(True), rows(rng)
    gradient = ms.value_and_grad(SummedLoss(cell, ClassificationLoss(), 3), None, cell.encoder.table, has_aux=True)
    _, found = gradient(*map(Tensor, inputs), Tensor([0, 2], ms.int32), Tensor(np.ones(2, np.float32)))
    used = set(inputs[0][inputs[1] == 1].tolist())
    assert set(np.flatnonzero(np.abs(found.asnumpy()).sum(axis=1) > 1e-9)) == used


def test_single_texts_give_the_vectors_that_the_comparison_starts_from(run, rng):
    cell, inputs = network("siamese"), rows(rng)
    (pairs,) = run(cell, *inputs)
    (vectors,) = run(cell, *(np.concatenate([a[:, 0], a[:, 1]]) for a in inputs))  # [4, H], first texts first
    np.testing.assert_allclose(cell.compare(Tensor(vectors[:2]), Tensor(vectors[2:])).asnumpy(), pairs, atol=1e-6)
