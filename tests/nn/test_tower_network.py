"""Vectors of several texts through one encoder: none sees another, absent ones do no harm, projections only learn."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.networks import NETWORKS
from tasklab.nn.heads.towers import Projection, TowersNetwork


class Words(nn.Cell):
    """Hidden states [R, S, 2] that are (id, 1)."""

    def construct(self, input_ids, attention_mask, token_type_ids):
        x = input_ids.astype(ms.float32)[..., None]
        return ms.ops.cat((x, ms.ops.ones_like(x)), axis=-1)


def test_a_vector_is_the_mean_of_its_own_text(run):
    ids = np.array([[[2, 4, 0], [6, 0, 0]], [[1, 2, 3], [9, 9, 9]]], np.int32)
    mask = np.array([[[1, 1, 0], [1, 0, 0]], [[1, 1, 1], [0, 0, 0]]], np.int32)
    network = TowersNetwork(Words(), nn.Identity(), "mean")
    (vectors,) = run(network, ids, mask, np.zeros_like(ids))
    np.testing.assert_allclose(vectors[0], [[3, 1], [6, 1]])
    np.testing.assert_allclose(vectors[1, 0], [2, 1])
    assert np.isfinite(vectors).all()  # of a text that a row lacks
    (single,) = run(network, ids[0], mask[0], np.zeros_like(ids[0]))
    np.testing.assert_allclose(single, vectors[0])


def test_a_projection_stands_above_the_vectors_in_training_alone(run):
    head = Projection(2, 3, dropout=0.0)
    head.projection.weight.set_data(Tensor(np.array([[1, 0], [0, 1], [1, 1]], np.float32)))
    pooled = np.array([[2, 5]], np.float32)
    np.testing.assert_allclose(run(head.set_train(True), pooled), [[2, 5, 7]])
    np.testing.assert_allclose(run(head.set_train(False), pooled), pooled)


def test_a_task_of_classes_has_no_use_for_vectors():
    config = Config.create(
        name="toy", model={"pair_encoding": "cosine", "labels": ["0", "1"], "vocab_size": 9, "hidden_size": 4,
                           "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8},
    )  # fmt: skip
    with pytest.raises(ConfigError, match="model.pair_encoding = cosine gives vectors and no scores of classes"):
        NETWORKS.get("classes")(config)
