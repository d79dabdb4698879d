"""Recurrent layers against NumPy in float64 (value and gradients) and torch, and what padding may change."""

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor

from tasklab.nn.blocks.recurrence import KINDS, _RecurrenceByOperators, recurrence
from tasklab.nn.blocks.recurrent import BothWays, RecurrentLayer
from tasklab.nn.init import initialize

B, S, H = 3, 5, 4
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
NUMPY_AND_OPERATORS = pytest.mark.parametrize("build", [recurrence, _RecurrenceByOperators], ids=["numpy", "operators"])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def oracle(kind, x, weight, bias):
    """The recurrence as its papers write it, one row and one step at a time."""
    hidden = np.zeros((*x.shape[:2], weight.shape[1]))
    for row in range(x.shape[0]):
        h = c = np.zeros(weight.shape[1])
        for t in range(x.shape[1]):
            given, past = np.split(x[row, t], len(bias) // len(h)), np.split(weight @ h + bias, len(bias) // len(h))
            if kind == "rnn":
                h = np.tanh(given[0] + past[0])
            elif kind == "lstm":
                i, f, g, o = (a + b for a, b in zip(given, past, strict=True))
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            else:
                r, z = sigmoid(given[0] + past[0]), sigmoid(given[1] + past[1])
                h = (1 - z) * np.tanh(given[2] + r * past[2]) + z * h
            hidden[row, t] = h
    return hidden


def inputs(kind, rng):
    G = KINDS[kind].gates * H
    return [rng.standard_normal(shape) for shape in ((B, S, G), (G, H), (G,))]


def tensors(arrays):
    return [Tensor(a.astype(np.float32)) for a in arrays]


@NUMPY_AND_OPERATORS
@EVERY_KIND
def test_hidden_states_follow_the_formula(rng, kind, build):
    arrays = inputs(kind, rng)
    got = build(kind)(*tensors(arrays)).asnumpy()
    np.testing.assert_allclose(got, oracle(kind, *arrays), atol=1e-5)


@NUMPY_AND_OPERATORS
@EVERY_KIND
def test_gradients_are_the_slopes_of_the_formula(rng, kind, build):
    arrays, dout, cell = inputs(kind, rng), rng.standard_normal((B, S, H)), build(kind)

    def weighted(x, weight, bias):
        return (cell(x, weight, bias) * Tensor(dout.astype(np.float32))).sum()

    grads = ms.grad(weighted, (0, 1, 2))(*tensors(arrays))
    for place, grad in enumerate(grads):
        way, h = rng.standard_normal(arrays[place].shape), 1e-6
        up, down = ([*arrays[:place], arrays[place] + s * h * way, *arrays[place + 1 :]] for s in (1, -1))
        slope = ((oracle(kind, *up) - oracle(kind, *down)) * dout).sum() / (2 * h)
        assert (grad.asnumpy() * way).sum() == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
def test_two_kinds_in_one_network_keep_apart(rng, run, mode):
    ms.set_context(mode=mode)
    for kind in KINDS:  # MindSpore names an operator by its source, which these share
        arrays = inputs(kind, rng)
        got = run(recurrence(kind), *(a.astype(np.float32) for a in arrays))
        np.testing.assert_allclose(got, oracle(kind, *arrays), atol=1e-5)


def test_reading_both_ways_gives_a_row_the_same_alone_and_padded(rng, run):
    cell = BothWays(RecurrentLayer("gru", 6, H), RecurrentLayer("gru", 6, H))
    initialize(cell, seed=0, std=0.5)
    lengths, x = (5, 2, 3), rng.standard_normal((B, S, 6)).astype(np.float32)
    mask = (np.arange(S) < np.array(lengths)[:, None]).astype(np.int32)
    together = run(cell, x, mask)
    for row, n in enumerate(lengths):
        alone = run(cell, x[row : row + 1, :n], mask[row : row + 1, :n])
        np.testing.assert_allclose(together[row, :n], alone[0], atol=1e-6)
        turned = run(cell.back, x[row : row + 1, n - 1 :: -1][:, :n], mask[row : row + 1, :n])
        np.testing.assert_allclose(alone[0, :, H:], turned[0, ::-1], atol=1e-6)


@EVERY_KIND
def test_layers_that_read_both_ways_equal_torch_on_packed_rows(run, kind):
    with np.load(Path(__file__).parents[1] / "fixtures" / "recurrent_reference.npz") as file:
        stored = {name.removeprefix(f"{kind}:"): file[name] for name in file.files}
    x, lengths, expected = stored["x"], stored["lengths"], stored["hidden"]
    mask = (np.arange(x.shape[1]) < lengths[:, None]).astype(np.int32)
    for number in range(2):
        cell = BothWays(*(RecurrentLayer(kind, x.shape[2], expected.shape[2] // 2) for _ in range(2)))
        for way, ending in ((cell.ahead, ""), (cell.back, "_reverse")):
            for part, theirs in ((way.input, "ih"), (way.hidden, "hh")):
                part.weight.set_data(Tensor(stored[f"weight_{theirs}_l{number}{ending}"]))
                part.bias.set_data(Tensor(stored[f"bias_{theirs}_l{number}{ending}"]))
        x = run(cell, x, mask)
    np.testing.assert_allclose(x * mask[:, :, None], expected, atol=1e-6)


def test_padding_has_no_gradient(rng):
    cell = BothWays(RecurrentLayer("lstm", 6, H), RecurrentLayer("lstm", 6, H))
    initialize(cell, seed=0, std=0.5)
    x, mask = rng.standard_normal((1, S, 6)).astype(np.float32), np.array([[1, 1, 1, 0, 0]], np.int32)

    def real(x):
        return (cell(x, Tensor(mask))[:, :3] ** 2).sum()

    dx, grads = ms.grad(real, 0, ParameterTuple(cell.trainable_params()))(Tensor(x))
    assert np.abs(dx.asnumpy()[:, :3]).min() > 0 and not dx.asnumpy()[:, 3:].any()
    assert all(np.abs(g.asnumpy()).max() > 0 for g in grads)
