"""Convolutions, synthesizer, RMS norm, gated feed-forward and positions against NumPy in float64."""

from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.blocks.convolution import CausalConvolution, Convolutions, GatedConvolution
from tasklab.nn.blocks.embeddings import Embeddings
from tasklab.nn.blocks.norm import RMSNorm
from tasklab.nn.blocks.positions import MASKED, CausalVeil, RelativePositions
from tasklab.nn.blocks.synthesizer import Synthesizer
from tasklab.nn.blocks.transformer import FeedForward
from tasklab.nn.init import initialize
from tasklab.nn.places import buckets, sinusoids

MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int32)


def random(cell):
    """The cell with random weights, and these in float64 by name."""
    initialize(cell, seed=0, std=0.5)
    for name, parameter in cell.parameters_and_names():
        if name.endswith("bias"):
            parameter.set_data(Tensor(np.linspace(-0.5, 0.5, parameter.size).reshape(parameter.shape).astype("f4")))
    return cell.set_train(False), {name: p.asnumpy().astype(np.float64) for name, p in cell.parameters_and_names()}


def convolution(x, weight, bias, k):
    """Token t from x[t - k + 1 .. t], written as a sum over the window."""
    out = np.zeros((*x.shape[:2], len(bias))) + bias
    kernel = weight.reshape(len(bias), k, x.shape[2])
    for t in range(x.shape[1]):
        for j in range(k):
            if (s := t - k + 1 + j) >= 0:
                out[:, t] += x[:, s] @ kernel[:, j].T
    return out


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("k", [1, 3, 7])
def test_a_convolution_sums_over_the_window_that_ends_at_the_token(rng, run, k):
    cell, w = random(CausalConvolution(4, 6, k))
    x = rng.standard_normal((2, 5, 4)).astype(np.float32)
    expected = convolution(x.astype(np.float64), w["output.weight"], w["output.bias"], k)
    np.testing.assert_allclose(run(cell, x, MASK), expected, atol=1e-5)


def test_gated_convolutions_have_a_sum_around_each_block(rng, run):
    cell, w = random(Convolutions([GatedConvolution(4, 4, 3) for _ in range(4)], block_size=2))
    x = rng.standard_normal((2, 5, 4)).astype(np.float32)

    def gated(x, name):
        out, gate = (convolution(x, w[f"{name}.{p}.weight"], w[f"{name}.{p}.bias"], 3) for p in ("output", "gate"))
        return out * sigmoid(gate)

    first = gated(x.astype(np.float64), "first")
    block = gated(gated(first, "layers.0"), "layers.1") + first
    np.testing.assert_allclose(run(cell, x, MASK), gated(block, "layers.2"), atol=1e-5)


@pytest.mark.parametrize("kind", ["dense", "random"])
def test_a_synthesizer_looks_where_its_own_scores_say(rng, run, kind):
    cell, w = random(Synthesizer(4, max_tokens=7, kind=kind))
    x = rng.standard_normal((2, 5, 4))
    if kind == "dense":
        inner = np.maximum(x @ w["hidden.weight"].T + w["hidden.bias"], 0)
        scores = (inner @ w["scores.weight"].T + w["scores.bias"])[:, :, :5]
    else:
        scores = np.repeat(w["table"][None, :5, :5], 2, axis=0)
    weights = np.exp(scores) * MASK[:, None]
    value = x @ w["value.weight"].T + w["value.bias"]
    expected = (weights / weights.sum(-1, keepdims=True)) @ value @ w["output.weight"].T + w["output.bias"]
    np.testing.assert_allclose(run(cell, x.astype(np.float32), MASK), expected, atol=1e-5)


def test_rms_norm_divides_by_the_root_of_the_mean_square(rng, run):
    x = 3 + rng.standard_normal((2, 3, 8))
    cell = RMSNorm(8, 1e-6)
    weight = rng.standard_normal(8)
    cell.weight.set_data(Tensor(weight.astype(np.float32)))
    expected = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight
    np.testing.assert_allclose(run(cell, x.astype(np.float32)), expected, atol=1e-5)


def test_a_gate_multiplies_the_second_dense(rng, run):
    cell, w = random(FeedForward(4, 6, "silu", gated=True, bias=False))
    assert sorted(w) == ["gate.weight", "intermediate.weight", "output.weight"]
    x = rng.standard_normal((2, 3, 4))
    gate = x @ w["gate.weight"].T
    expected = (gate * sigmoid(gate) * (x @ w["intermediate.weight"].T)) @ w["output.weight"].T
    np.testing.assert_allclose(run(cell, x.astype(np.float32)), expected, atol=1e-5)


@pytest.mark.parametrize("way", ["both", "one"])
def test_buckets_of_distances_are_those_of_transformers_t5(way):
    with np.load(Path(__file__).parents[1] / "fixtures" / "blocks_reference.npz") as file:
        expected = file[f"buckets:{way}"]
    assert buckets(np.arange(-200, 201), both_ways=way == "both").tolist() == expected.tolist()


def test_a_bias_by_distance_has_a_number_per_head(run):
    cell, w = random(RelativePositions(2, max_tokens=5, causal=True, count=4, max_distance=8))
    got = run(cell, 3).reshape(2, 3, 3)
    for head in range(2):
        for query in range(3):
            for key in range(3):
                hidden = MASKED if key > query else 0
                expected = w["weight"][max(query - key, 0), head] + hidden
                assert got[head, query, key] == pytest.approx(expected, abs=1e-3 if hidden else 1e-6)


def test_a_veil_hides_what_follows(run):
    assert (run(CausalVeil(1), 3).reshape(3, 3) == np.triu(np.full((3, 3), MASKED), 1)).all()


def test_waves_follow_the_formula_and_words_are_scaled(run):
    # size 4: frequencies 1 and 1 / 10000, the first token at position 2
    first = [np.sin(2), np.cos(2), np.sin(2e-4), np.cos(2e-4)]
    np.testing.assert_allclose(sinusoids(3, 4)[0], first, atol=1e-6)
    cell = Embeddings(7, 4, max_positions=6, dropout=0.0, kinds=("word", "sinusoidal"))
    cell.word.weight.set_data(Tensor(np.arange(28, dtype=np.float32).reshape(7, 4)))
    got = run(cell, np.array([[3]], np.int32), np.array([[0]], np.int32))
    np.testing.assert_allclose(got[0, 0], 2 * np.arange(12, 16) + np.array(first), atol=1e-5)
