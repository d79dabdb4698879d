"""Rates by name: which weights stand still, and at which share of the rate the others learn."""

import logging

import pytest
from mindspore import nn

from tasklab.config import OptimizerConfig
from tasklab.engine.rates import freeze, rate_factors
from tasklab.errors import ConfigError
from tasklab.nn.compat import dense


class Two(nn.Cell):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.CellList([dense(2, 3), dense(3, 2)]), dense(2, 1)
        self.update_parameters_name()


def test_the_part_with_most_words_says_the_rate():
    names = ["encoder.embeddings.word.weight", "encoder.embeddings.norm.bias", "encoder.layers.0.x", "head.word.weight"]
    rates = {"embeddings": 0.5, "word": 3.0, "encoder.embeddings.word": 0.25}
    assert rate_factors(names, OptimizerConfig(rates=rates)) == [0.25, 0.5, 1.0, 3.0]
    # 0.5 per layer below the head: layer 0 of one has 0.5, the embeddings 0.25
    config = OptimizerConfig(rates={"embeddings": 4.0}, layer_decay=0.5)
    assert rate_factors(names, config) == [0.25 * 4, 0.25 * 4, 0.5, 1.0]


def test_half_a_word_names_nothing():
    assert rate_factors(["encoder.embeddings.weight"], OptimizerConfig(rates={"embed": 0.5})) == [1.0]


def test_what_has_the_rate_0_stands_still_and_is_counted(caplog):
    caplog.set_level(logging.INFO, "tasklab")
    network = Two()
    freeze(network, {"encoder": 0, "encoder.1.bias": 1})
    assert [p.name for p in network.trainable_params()] == ["encoder.1.bias", "head.weight", "head.bias"]
    # 3 * 2 + 3 + 2 * 3 + 2 + 2 + 1 = 20 numbers; 2 + 2 + 1 are trained
    assert "trained: 5 of 20 numbers (25.00 %); 3 weights stand still: encoder.0 (weight, bias)" in caplog.text


def test_a_part_that_is_not_trained_is_refused():
    with pytest.raises(ConfigError, match=r"optimizer.rates: decoder is no part of what is trained; .* encoder.0 "):
        freeze(Two(), {"decoder": 0})
    network = Two()
    network.head.weight.requires_grad = network.head.bias.requires_grad = False
    with pytest.raises(ConfigError, match="optimizer.rates: head is no part of what is trained"):
        freeze(network, {"head": 2})
    with pytest.raises(ConfigError, match="leaves nothing to train"):
        freeze(Two(), {"encoder": 0, "head": 0})
