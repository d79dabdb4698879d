"""Two texts apart: the features worked out in NumPy for an encoder that looks words up."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops

from tasklab.engine.step import SummedLoss
from tasklab.nn.heads import ClassificationHead
from tasklab.nn.init import initialize
from tasklab.nn.losses import ClassificationLoss
from tasklab.nn.siamese import PAIR_FEATURES, SiameseNetwork

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


def rows(rng):
    """Ids, mask and types of two first texts of 3 and 5 tokens, then of second ones of 4 and 2."""
    for lengths in ([3, 5], [4, 2]):
        mask = (np.arange(5) < np.array(lengths)[:, None]).astype(np.int32)
        yield from (rng.integers(1, 20, (2, 5)).astype(np.int32) * mask, mask, np.zeros_like(mask))


@pytest.mark.parametrize("kind", PAIR_FEATURES)
def test_the_head_sees_both_vectors_their_distance_and_their_product(run, rng, kind):
    cell, inputs = network(kind), list(rows(rng))
    table = cell.encoder.table.asnumpy()
    u, v = ((table[ids] * mask[..., None]).sum(axis=1) / mask.sum(axis=1)[:, None] for ids, mask, _ in
            (inputs[:3], inputs[3:]))  # fmt: skip
    features = {"siamese": [u, v, abs(u - v), u * v], "sbert": [u, v, abs(u - v)]}[kind]
    weight, bias = cell.head.classifier.weight.asnumpy(), cell.head.classifier.bias.asnumpy()
    (logits,) = run(cell, *inputs)
    np.testing.assert_allclose(logits, np.concatenate(features, axis=1) @ weight.T + bias, atol=1e-5)


def test_equal_texts_have_no_distance_and_swapped_ones_the_same(run, rng):
    cell = network("sbert", "first")
    weight = np.zeros((C, 3 * H), np.float32)
    weight[:, 2 * H :] = 1  # the distance alone
    cell.head.classifier.weight.set_data(Tensor(weight))
    inputs = list(rows(rng))
    bias = cell.head.classifier.bias.asnumpy()
    np.testing.assert_allclose(run(cell, *inputs[:3], *inputs[:3])[0] - bias, 0, atol=1e-6)
    np.testing.assert_allclose(run(cell, *inputs)[0], run(cell, *inputs[3:], *inputs[:3])[0], atol=1e-6)


def test_both_texts_teach_the_one_encoder(rng):
    cell, inputs = network("siamese").set_train(True), [Tensor(a) for a in rows(rng)]
    weights = ParameterTuple(cell.trainable_params())
    gradient = ms.value_and_grad(SummedLoss(cell, ClassificationLoss(), 6), None, weights, has_aux=True)
    _, grads = gradient(*inputs, Tensor([0, 2], ms.int32), Tensor(np.ones(2, np.float32)))
    words = dict(zip((w.name for w in weights), grads, strict=True))["encoder.table"].asnumpy()
    used = {int(i) for ids, mask in (inputs[:2], inputs[3:5]) for i in ids.asnumpy()[mask.asnumpy() == 1]}
    assert set(np.flatnonzero(np.abs(words).sum(axis=1) > 1e-9)) == used
