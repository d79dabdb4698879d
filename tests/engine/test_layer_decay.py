"""Which parameter learns at which share of the rate (numbering: BEiT's get_num_layer and its scales)."""

import pytest

from tasklab.engine.layer_decay import lr_scales
from tasklab.errors import ConfigError


def test_each_layer_learns_slower_than_the_one_above():
    # two layers: the head 1, layer 1 0.5, layer 0 0.25, embeddings 0.125; a pooler stands above the layers
    scales = {
        "encoder.embeddings.word.weight": 0.125, "encoder.embeddings.norm.bias": 0.125,
        "encoder.layers.0.attention.query.weight": 0.25, "encoder.layers.1.norm.weight": 0.5,
        "encoder.pooler.weight": 1.0, "head.output.bias": 1.0,
    }  # fmt: skip
    assert lr_scales(list(scales), 0.5) == list(scales.values())


def test_layers_are_counted_not_sorted_as_text():
    names = [f"encoder.layers.{k}.norm.weight" for k in (2, 10, 11)]
    assert lr_scales(names, 0.5) == [0.5**10, 0.5**2, 0.5**1]


def test_without_decay_everything_learns_alike():
    assert lr_scales(["table", "output.weight"], 1.0) == [1.0, 1.0]


def test_a_network_without_layers_is_refused():
    with pytest.raises(ConfigError, match="optimizer.layer_decay needs an encoder with numbered layers"):
        lr_scales(["encoder.table", "head.weight"], 0.9)
