"""Both forms of Adafactor against transformers' (fixtures/make_optimizer_reference.py), and a state that goes on."""

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor

from tasklab.config import OptimizerConfig
from tasklab.engine.optimizers.adafactor import Adafactor
from tasklab.engine.optimizers.adamw import AdamW
from tasklab.engine.optimizers.device.adafactor import DeviceAdafactor
from tasklab.errors import CheckpointError

REFERENCE = np.load(Path(__file__).parents[1] / "fixtures" / "adafactor_reference.npz")
NAMES = [key.removeprefix("initial:") for key in REFERENCE.files if key.startswith("initial:")]
CASES = {  # our settings, max_grad_norm
    "plain": ({}, 0.0),
    "scaled": ({"scale_parameter": True}, 0.0),
    "options": ({"clip_threshold": 0.5, "decay_rate": -0.6}, 0.0),
    "clipped": ({}, 0.5),
}
KINDS = [Adafactor, pytest.param(DeviceAdafactor, marks=pytest.mark.slow)]


def parameters():
    return [Parameter(Tensor(REFERENCE[f"initial:{name}"]), name=name) for name in NAMES]


def made(kind, trained, case="plain"):
    settings, clip = CASES[case]
    return kind(trained, OptimizerConfig(name="adafactor", weight_decay=0.1, **settings), clip)


def advance(optimizer, *steps):
    for t in steps:
        for part in (0.75, 1.25):  # two micro-batches whose mean is the reference's gradient
            optimizer.accumulate([Tensor(REFERENCE[f"gradient{t}:{name}"] * np.float32(part)) for name in NAMES])
        optimizer.step(0.01, 0.5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_step_equals_that_of_transformers(kind, case):
    ms.set_context(mode=ms.GRAPH_MODE)
    trained = parameters()
    optimizer = made(kind, trained, case)
    for t in range(1, 6):
        advance(optimizer, t)
        for name, parameter in zip(NAMES, trained, strict=True):
            np.testing.assert_allclose(parameter.asnumpy(), REFERENCE[f"{case}:{t}:{name}"], rtol=1e-5, atol=2e-7)
    state = optimizer.state()
    wanted = {k.removeprefix(f"{case}:").replace(":", "."): REFERENCE[k] for k in REFERENCE.files if k.startswith(case)}
    wanted = {key: value for key, value in wanted.items() if not key[0].isdigit()}
    assert state.keys() == wanted.keys()
    for key, value in wanted.items():
        np.testing.assert_allclose(state[key], value, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_state_goes_on_with_the_same_bits(kind):
    ms.set_context(mode=ms.GRAPH_MODE)
    through, halved = parameters(), parameters()
    advance(made(kind, through), 1, 2, 3, 4, 5)
    before = made(kind, halved)
    advance(before, 1, 2, 3)
    after = made(kind, halved)
    after.load_state({name: array.copy() for name, array in before.state().items()}, 3)
    advance(after, 4, 5)
    for a, b in zip(through, halved, strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy())


def test_the_state_of_another_optimizer_is_refused_by_name():
    moments = AdamW(parameters(), OptimizerConfig(), 0.0).state()
    with pytest.raises(CheckpointError, match=r"row.dense.weight is missing, expected \(4,\); resume needs the same"):
        made(Adafactor, parameters()).load_state(moments, 1)


def test_lower_layers_take_smaller_steps():
    # the first update of a matrix of equal gradients has root mean square 1, so the step is the rate
    names = ("encoder.layers.0.weight", "encoder.layers.1.weight", "head.weight")
    trained = [Parameter(Tensor(np.zeros((2, 2), np.float32)), name=name) for name in names]
    optimizer = Adafactor(trained, OptimizerConfig(name="adafactor", layer_decay=0.5, weight_decay=0.0), 0.0)
    optimizer.accumulate([Tensor(np.full((2, 2), -3, np.float32))] * 3)
    optimizer.step(0.01, 1.0)
    assert [p.asnumpy()[0, 0] for p in trained] == pytest.approx([0.0025, 0.005, 0.01], rel=1e-5)
