"""Recurrent encoders: their structure is UER-py's."""

import numpy as np
import pytest
from small_encoders import batch, built

from tasklab.errors import ConfigError


def shapes(network):
    return {name: parameter.shape for name, parameter in network.parameters_and_names() if "embeddings" not in name}


def test_an_lstm_has_four_gates_per_layer_and_no_other_weights():
    layer = "layers.0.layers.{}."
    expected = {"pooler.weight": (8, 8), "pooler.bias": (8,)}
    for number, in_size in enumerate((6, 8)):
        for part, size in (("input", in_size), ("hidden", 8)):
            expected[layer.format(number) + f"{part}.weight"] = (32, size)
            expected[layer.format(number) + f"{part}.bias"] = (32,)
    assert shapes(built("lstm", embedding_size=6)) == expected


@pytest.mark.parametrize("name, gates", [("birnn", 1), ("bilstm", 4), ("bigru", 3)])
def test_two_stacks_of_half_the_width_never_mix(rng, run, name, gates):
    network, inputs = built(name), batch(rng)
    found = shapes(network)
    for way in ("ahead", "back"):
        assert found[f"layers.0.{way}.layers.1.input.weight"] == (gates * 4, 4)
    before = run(network, *inputs)
    inputs[0][0, 3] = inputs[0][0, 3] % 10 + 1  # another word at the fourth token
    changed = np.abs(run(network, *inputs) - before)[0] > 0
    assert not changed[:3, :4].any() and changed[3:, :4].all()  # read from the first token
    assert changed[:4, 4:].all() and not changed[4:, 4:].any()  # read from the last one


def test_layers_that_read_both_ways_mix_them(rng, run):
    network, inputs = built("gru", bidirectional=True), batch(rng)
    assert shapes(network)["layers.0.layers.1.back.input.weight"] == (12, 8)
    before = run(network, *inputs)
    inputs[0][0, 3] = inputs[0][0, 3] % 10 + 1
    assert (np.abs(run(network, *inputs) - before)[0] > 0).all()


def test_an_odd_width_cannot_be_halved():
    with pytest.raises(ConfigError, match="model.hidden_size is 7; expected an even number, half for each way"):
        built("bigru", hidden_size=7)
