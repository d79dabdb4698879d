"""Norm, activations, attention and embeddings against NumPy in float64, values and gradients."""

import math

import mindspore as ms
import numpy as np
import pytest
from mindspore import ParameterTuple, Tensor

from tasklab.errors import UnknownName
from tasklab.nn.blocks.activations import ACTIVATIONS, activation
from tasklab.nn.blocks.attention import SelfAttention, _SoftmaxByProducts
from tasklab.nn.blocks.embeddings import Embeddings
from tasklab.nn.blocks.norm import LayerNorm, _Normalize

ERF = np.vectorize(math.erf)
EXPECTED = {
    "gelu": lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2))),
    "gelu_new": lambda x: x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
}
EXPECTED["gelu_pytorch_tanh"], EXPECTED["swish"] = EXPECTED["gelu_new"], EXPECTED["silu"]


def numeric_gradient(function, x, h=1e-5):
    """Central differences of the sum of an elementwise function."""
    return (function(x + h) - function(x - h)) / (2 * h)


def layer_norm(x, weight, bias, eps):
    centered = x - x.mean(-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(-1, keepdims=True) + eps) * weight + bias


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_and_its_gradient_follow_the_formula(run, name):
    x = np.concatenate([np.linspace(-8, 8, 4001) + 1e-4, [30.0, -30.0]])  # relu has no derivative at 0
    cell, narrow = activation(name), x.astype(np.float32)
    np.testing.assert_allclose(run(cell, narrow), EXPECTED[name](narrow.astype(np.float64)), atol=5e-6)
    got = ms.grad(cell)(Tensor(narrow)).asnumpy()
    np.testing.assert_allclose(got, numeric_gradient(EXPECTED[name], narrow.astype(np.float64)), atol=1e-5)


def test_an_unknown_activation_is_answered_with_the_known_ones():
    with pytest.raises(UnknownName, match="no activation named 'gleu'; set model.hidden_act to one of: gelu, gelu_new"):
        activation("gleu")


@pytest.mark.parametrize("composed", [True, False], ids=["products", "primitive"])
@pytest.mark.parametrize("shape", [(6,), (2, 3, 10), (300, 7)])
def test_layer_norm_and_its_gradients_follow_the_formula(run, rng, shape, composed):
    size, eps = shape[-1], 1e-5
    cell = LayerNorm(size, eps)
    if not composed:
        cell.normalize = _Normalize(eps)
    x = 3 + 2 * rng.standard_normal(shape)
    weight, bias, dout = (rng.standard_normal(s) for s in (size, size, shape))
    cell.weight.set_data(Tensor(weight.astype(np.float32)))
    cell.bias.set_data(Tensor(bias.astype(np.float32)))
    x = x.astype(np.float32)
    np.testing.assert_allclose(run(cell, x), layer_norm(x.astype(np.float64), weight, bias, eps), atol=1e-5)

    def weighted(x):
        return (cell(x) * Tensor(dout.astype(np.float32))).sum()

    dx, (dweight, dbias) = ms.grad(weighted, 0, ParameterTuple([cell.weight, cell.bias]))(Tensor(x))
    rows = tuple(range(len(shape) - 1))
    normal = layer_norm(x.astype(np.float64), 1, 0, eps)
    np.testing.assert_allclose(dbias.asnumpy(), dout.sum(rows), atol=1e-4)
    np.testing.assert_allclose(dweight.asnumpy(), (dout * normal).sum(rows), atol=1e-4)
    way, h = rng.standard_normal(shape), 1e-6
    up, down = (layer_norm(x + s * h * way, weight, bias, eps) for s in (1, -1))
    assert (dx.asnumpy() * way).sum() == pytest.approx(((up - down) * dout).sum() / (2 * h), rel=1e-4, abs=1e-3)


def test_layer_norm_keeps_a_large_mean_apart_from_a_small_spread(run):
    x = (1000 + np.array([[-0.5, 0.5, -0.5, 0.5]])).astype(np.float32)
    np.testing.assert_allclose(run(LayerNorm(4), x), [[-1, 1, -1, 1]], atol=1e-5)


def test_softmax_gradient_is_the_formula(rng):
    x, dout = rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 3, 5))
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    softmax = _SoftmaxByProducts()

    def weighted(x):
        return (softmax(x) * Tensor(dout.astype(np.float32))).sum()

    got = ms.grad(weighted)(Tensor(x.astype(np.float32))).asnumpy()
    np.testing.assert_allclose(got, p * (dout - (dout * p).sum(-1, keepdims=True)), atol=1e-6)


def random_attention(rng):
    cell = SelfAttention(hidden_size=8, num_heads=2, dropout=0.0).set_train(False)
    for parameter in cell.get_parameters():
        parameter.set_data(Tensor(rng.standard_normal(parameter.shape).astype(np.float32)))
    return cell


def test_padding_gets_no_attention(run, rng):
    cell = random_attention(rng)
    x = rng.standard_normal((2, 5, 8)).astype(np.float32)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], np.int32)
    garbage = x + 1e2 * (1 - mask)[:, :, None].astype(np.float32)
    real = mask == 1
    np.testing.assert_allclose(run(cell, garbage, mask)[real], run(cell, x, mask)[real], atol=1e-5)


def test_attention_equals_the_paper_s_formula(run, rng):
    cell = random_attention(rng)
    x = rng.standard_normal((1, 4, 8)).astype(np.float32)
    w = {name: p.asnumpy().astype(np.float64) for name, p in cell.parameters_and_names()}
    q, k, v = (x[0] @ w[f"{n}.weight"].T + w[f"{n}.bias"] for n in ("query", "key", "value"))
    heads = []
    for part in (slice(0, 4), slice(4, 8)):
        scores = np.exp(q[:, part] @ k[:, part].T / 2)  # sqrt of the head size 4
        heads.append(scores / scores.sum(-1, keepdims=True) @ v[:, part])
    expected = np.concatenate(heads, -1) @ w["output.weight"].T + w["output.bias"]
    np.testing.assert_allclose(run(cell, x, np.ones((1, 4), np.int32))[0], expected, atol=1e-4)


def test_heads_that_do_not_divide_the_hidden_size_are_refused():
    with pytest.raises(ValueError, match="hidden_size 10 is not a multiple of num_heads 3"):
        SelfAttention(10, 3)


def test_embeddings_add_word_position_and_token_type(run, rng):
    cell = Embeddings(7, 4, max_positions=6, token_types=2, dropout=0.0, norm=LayerNorm(4))
    tables = {}
    for name, table in (("word", cell.word), ("position", cell.position), ("token_type", cell.token_type)):
        tables[name] = rng.standard_normal(table.weight.shape)
        table.weight.set_data(Tensor(tables[name].astype(np.float32)))
    ids, types = np.array([[1, 6, 0], [2, 2, 5]], np.int32), np.array([[0, 0, 1], [0, 1, 1]], np.int32)
    total = tables["word"][ids] + tables["token_type"][types] + tables["position"][:3]
    np.testing.assert_allclose(run(cell, ids, types), layer_norm(total, 1, 0, 1e-12), atol=1e-5)
