"""Starting weights: their distribution, and what they depend on."""

import numpy as np
import pytest
from mindspore import nn

from tasklab.nn.blocks.norm import LayerNorm
from tasklab.nn.compat import dense
from tasklab.nn.init import initialize


class Net(nn.Cell):
    def __init__(self, more: bool):
        super().__init__()
        if more:
            self.encoder = dense(4, 4)
        self.norm = LayerNorm(300)
        self.head = dense(300, 200)


def started(seed, more=False):
    network = Net(more)
    initialize(network, seed, 0.02)
    return {name: parameter.asnumpy() for name, parameter in network.parameters_and_names()}


def test_weights_are_a_normal_cut_off_at_two_deviations():
    values = started(1)["head.weight"]
    assert values.shape == (200, 300) and values.dtype == np.float32
    assert np.abs(values).max() <= 0.04
    assert values.mean() == pytest.approx(0, abs=4e-4)
    assert values.std() == pytest.approx(0.02 * 0.8796, rel=0.02)  # deviation of a normal cut at 2: 0.8796


def test_biases_are_0_and_norms_1():
    values = started(1)
    assert not values["head.bias"].any() and not values["norm.bias"].any()
    assert (values["norm.weight"] == 1).all()


def test_a_weight_depends_on_the_seed_and_its_name_alone():
    first, second = started(1), started(1, more=True)
    assert np.array_equal(first["head.weight"], second["head.weight"])
    assert not np.array_equal(first["head.weight"], started(2)["head.weight"])
    assert not np.array_equal(second["encoder.weight"], second["head.weight"][:4, :4])


def test_the_start_stays_the_same_over_releases():
    # values of release 0.1.0: a run from scratch can be repeated with a later one
    np.testing.assert_allclose(started(42)["head.weight"][0, :3], [-0.01830687, 0.01257498, -0.01572649], rtol=1e-5)
