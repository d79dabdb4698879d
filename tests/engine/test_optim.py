"""Both optimizers against AdamW written out in float64, and sums of gradients against addition."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn, ops

from tasklab.config import OptimizerConfig
from tasklab.engine.optimizers.adamw import AdamW
from tasklab.engine.optimizers.device.adamw import DeviceAdamW
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import CheckpointError

SHAPES = {"dense.weight": (4, 3), "dense.bias": (4,), "norm.weight": (3,)}
LAYERED = ("encoder.layers.0.weight", "encoder.layers.1.weight", "head.weight")
LR, DECAY = 0.01, 0.1
KINDS = [AdamW, pytest.param(DeviceAdamW, marks=pytest.mark.slow)]
CASES = [  # bias correction, clipping
    *((AdamW, *case) for case in [(True, 0.0), (True, 0.5), (False, 0.5), (True, 1e6)]),
    pytest.param(DeviceAdamW, False, 0.5, marks=pytest.mark.slow),
    pytest.param(DeviceAdamW, True, 0.0, marks=pytest.mark.slow),
    pytest.param(DeviceAdamW, True, 0.5, marks=pytest.mark.slow),
]


def parameters(name=""):
    random = np.random.default_rng(1)
    values = {n: random.standard_normal(shape).astype(np.float32) for n, shape in SHAPES.items()}
    return [Parameter(Tensor(value), name=name + n) for n, value in values.items()]


def gradients(step):
    random = np.random.default_rng(100 + step)
    return [random.standard_normal(shape).astype(np.float32) for shape in SHAPES.values()]


def oracle(steps, corrected, clip):
    """Loshchilov & Hutter 2019, algorithm 2, in float64; only matrices decay; clipping as torch's clip_grad_norm_."""
    values = [p.asnumpy().astype(np.float64) for p in parameters()]
    first, second = ([np.zeros(v.shape) for v in values] for _ in range(2))
    for t in range(1, steps + 1):
        grads = [0.25 * g.astype(np.float64) for g in gradients(t)]
        norm = np.sqrt(sum((g**2).sum() for g in grads))
        for i, g in enumerate(grads):
            g = g * clip / (norm + 1e-6) if clip and norm > clip else g
            first[i] = 0.9 * first[i] + 0.1 * g
            second[i] = 0.999 * second[i] + 0.001 * g**2
            c1, c2 = (1 - 0.9**t, 1 - 0.999**t) if corrected else (1, 1)
            decay = LR * DECAY * values[i] if values[i].ndim > 1 else 0
            values[i] = values[i] - LR * (first[i] / c1) / (np.sqrt(second[i] / c2) + 1e-8) - decay
    return values, first, second, norm


def config(corrected=True):
    return OptimizerConfig(lr=LR, weight_decay=DECAY, bias_correction=corrected)


def advance(optimizer, first, last):
    for t in range(first, last + 1):
        optimizer.accumulate([Tensor(g) for g in gradients(t)])
        norm = optimizer.step(LR, 0.25)
    return norm


@pytest.mark.parametrize("kind, corrected, clip", CASES)
def test_five_steps_equal_float64_arithmetic(kind, corrected, clip):
    ms.set_context(mode=ms.GRAPH_MODE)
    trained = parameters()
    optimizer = kind(trained, config(corrected), clip)
    norm = advance(optimizer, 1, 5)
    values, first, second, expected_norm = oracle(5, corrected, clip)
    assert norm == pytest.approx(expected_norm, rel=1e-6)
    state = optimizer.state()
    for i, name in enumerate(SHAPES):
        np.testing.assert_allclose(trained[i].asnumpy(), values[i], atol=1e-6)
        np.testing.assert_allclose(state["moment1." + name], first[i], atol=1e-6)
        np.testing.assert_allclose(state["moment2." + name], second[i], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [AdamW, DeviceAdamW])
def test_moments_and_step_count_carry_over_to_the_other_optimizer(kind):
    trained = parameters()
    before = kind(trained, config(), 0.5)
    advance(before, 1, 3)
    other = AdamW if kind is DeviceAdamW else DeviceAdamW
    after = other(trained, config(), 0.5)
    after.load_state({name: moment.copy() for name, moment in before.state().items()}, 3)
    advance(after, 4, 5)
    for parameter, value in zip(trained, oracle(5, True, 0.5)[0], strict=True):
        np.testing.assert_allclose(parameter.asnumpy(), value, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_lower_layers_take_smaller_steps(kind):
    # the first corrected step of AdamW without decay is lr * sign(gradient)
    trained = [Parameter(Tensor(np.zeros((1, 1), np.float32)), name=name) for name in LAYERED]
    optimizer = kind(trained, OptimizerConfig(lr=LR, weight_decay=0.0, layer_decay=0.5), 0.0)
    optimizer.accumulate([Tensor(np.full((1, 1), -2, np.float32))] * 3)
    optimizer.step(LR, 1.0)
    steps = [p.asnumpy().item() for p in trained]
    assert steps == pytest.approx([LR / 4, LR / 2, LR], rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_moments_of_another_shape_are_refused_by_name(kind):
    optimizer = kind(parameters(), config(), 0.0)
    tensors = {name: moment.copy() for name, moment in optimizer.state().items()}
    tensors["moment2.dense.bias"] = np.zeros(5, np.float32)
    wrong = r"optimizer.safetensors: moment2.dense.bias has shape \(5,\), expected \(4,\).*--from"
    with pytest.raises(CheckpointError, match=wrong):
        optimizer.load_state(tensors, 1)
    del tensors["moment2.dense.bias"]
    with pytest.raises(CheckpointError, match=r"moment2.dense.bias is missing, expected \(4,\)"):
        optimizer.load_state(tensors, 1)


@pytest.mark.parametrize("kind", [AdamW, DeviceAdamW])
def test_micro_batches_are_summed(kind):
    # 3 micro-batches of gradient 1 with scale 1/3 have gradient 1; the first corrected step is lr * 1 / (1 + eps)
    trained = [Parameter(Tensor(np.zeros(2, np.float32)), name="bias")]
    optimizer = kind(trained, config(), 0.0)
    for _ in range(3):
        optimizer.accumulate([Tensor(np.ones(2, np.float32))])
    assert optimizer.step(LR, 1 / 3) == pytest.approx(np.sqrt(2), rel=1e-6)
    np.testing.assert_allclose(trained[0].asnumpy(), -LR, rtol=1e-5)


class TwoBiases(nn.Cell):
    """sum((x + left + right)^2) + 3 sum(offset): left and right share one gradient, that of offset is constant."""

    def __init__(self):
        super().__init__()
        self.left = Parameter(Tensor(np.zeros(4, np.float32)), name="left")
        self.right = Parameter(Tensor(np.zeros(4, np.float32)), name="right")
        self.offset = Parameter(Tensor(np.zeros(4, np.float32)), name="offset")

    inputs = ("input_ids",)

    def construct(self, input_ids):
        return (ops.square(input_ids + self.left + self.right).sum() + 3 * self.offset.sum(),)


class Identity(nn.Cell):
    labels = ()

    def construct(self, value, sample_weight):
        return value, sample_weight.sum()


def test_gradients_that_share_memory_are_summed_once():
    ms.set_context(mode=ms.GRAPH_MODE)
    step = GradientStep(TwoBiases(), Identity(), CompileLog())
    optimizer = AdamW(step.parameters, config(), 0.0)
    batch = {"input_ids": np.ones((2, 4), np.float32), "sample_weight": np.ones(2, np.float32)}
    for _ in range(2):  # the second time shows whether the graph's constant was written to
        for _ in range(3):
            optimizer.accumulate(step.run(batch, 0)[2])
        # d/d left = 2 rows * 2 * 1 = 4, times 3 micro-batches; 3 * 3 for the offset
        assert [total[0] for total in optimizer.sums] == [12, 12, 9]
        optimizer.sums = None
