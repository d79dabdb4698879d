"""The fused decoder layer against a float64 NumPy layer: values, every gradient, documents, heads that share keys."""

import itertools
import math

import numpy as np
import pytest

from tasklab import kernels

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

import mindspore as ms  # noqa: E402
from mindspore import Parameter, Tensor, nn  # noqa: E402
from same_rows import NEEDS_AVX512  # noqa: E402
from test_encoder_layer import ACTIVATIONS, dropped, numeric_gradients  # noqa: E402

from tasklab.kernels.decoder_layer import PARAMETERS, FusedDecoderLayer  # noqa: E402

EPS = 1e-5
GPT2 = dict(heads=(2, 2, 3), act="gelu_new", norm="layer", norm_first=True, gated=False, biases="all", rotary=0)
LLAMA = dict(heads=(4, 2, 4), act="silu", norm="rms", norm_first=True, gated=True, biases="none", rotary=2)
QWEN2 = {**LLAMA, "heads": (6, 2, 2), "biases": "qkv", "rotary": 1}
MIXED = dict(heads=(3, 1, 5), act="gelu", norm="rms", norm_first=False, gated=True, biases="all", rotary=2)  # R 4 of 5
POST = dict(heads=(2, 1, 4), act="relu", norm="layer", norm_first=False, gated=False, biases="none", rotary=0)
SHAPES = {"gpt2": GPT2, "llama": LLAMA, "qwen2": QWEN2, "mixed": MIXED, "post": POST}
EACH_SHAPE = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
PACKED = np.array([[1, 1, 1, 2, 2, 0], [1, 2, 2, 2, 2, 3], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]], np.int32)
PREFIXED = np.array([[-1, -1, 1, -2, 2, 0], [1, -2, -2, 2, 2, 2], [-1, -1, -1, 0, 1, 1], [-1, 1, 1, 1, 1, 1]], np.int32)
"""Documents whose first tokens, of numbers below 0, are seen by all of them."""


def norm(x, kind, gamma, beta):
    if kind == "layer":
        x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPS) * gamma + beta


def turn(x, cos, sin, places):
    """Rotary positions of x [B, S, N, D] by place [B, S]: HuggingFace's pairs (i, i + R / 2)."""
    half = cos.shape[1]
    c, s = cos[places][:, :, None], sin[places][:, :, None]
    a, b = x[..., :half], x[..., half : 2 * half]
    return np.concatenate([a * c - b * s, b * c + a * s, x[..., 2 * half :]], -1)


def places_of(documents):
    """How many tokens of its document stand before each token of a row without holes."""
    return np.array([[int((row[:i] == number).sum()) for i, number in enumerate(row)] for row in documents])


def through(x, w, name, adapters, seed):
    """A Dense and what stands beside it. adapters: name -> A, B, probability and site of the dropout before A."""
    y = x @ w[name].T + w[name + "_bias"]
    if name in adapters:
        a, b, p, site = adapters[name]
        y = y + dropped(x, p, seed, site) @ a.T @ b.T
    return y


def oracle(x, documents, params, tables, shape, p=0.0, seed=0, sites=(0, 1, 2, 3), causal=True, adapters=()):
    """The layer in float64, with the formulas of the GPT-2 and Llama papers; rows of padding come out as 0."""
    w = {name: 0.0 if value is None else value for name, value in zip(PARAMETERS, params, strict=True)}
    N, G, D = shape["heads"]
    B, S, _ = x.shape
    kind, first = shape["norm"], shape["norm_first"]
    read = norm(x, kind, w["attention_norm"], w["attention_norm_bias"]) if first else x
    q, k, v = (
        through(read, w, name, adapters, seed).reshape(B, S, count, D)
        for name, count in (("query", N), ("key", G), ("value", G))
    )
    if tables is not None:
        q, k = (turn(each, *tables, places_of(np.abs(documents))) for each in (q, k))
    k, v = (np.repeat(each, N // G, 2) for each in (k, v))
    scores = np.einsum("bind,bjnd->bnij", q, k) / math.sqrt(D)
    visible = (np.abs(documents)[:, :, None] == np.abs(documents)[:, None]) & (documents != 0)[:, None]
    if causal:
        visible = visible & (np.tri(S, dtype=bool) | (documents < 0)[:, None])
    visible = visible[:, None]
    scores = np.where(visible, scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True)) * visible
    total = weights.sum(-1, keepdims=True)
    weights = dropped(weights / np.where(total == 0, 1, total), p, seed, sites[0])
    context = np.einsum("bnij,bjnd->bind", weights, v).reshape(B, S, N * D)
    x1 = x + dropped(through(context, w, "output", adapters, seed), p, seed, sites[1])
    if not first:
        x1 = norm(x1, kind, w["attention_norm"], w["attention_norm_bias"])
    read = norm(x1, kind, w["norm"], w["norm_bias"]) if first else x1
    inner = through(read, w, "intermediate", adapters, seed)
    act = ACTIVATIONS[shape["act"]]
    inner = act(through(read, w, "gate", adapters, seed)) * inner if shape["gated"] else act(inner)
    inner = dropped(inner, p, seed, sites[3])
    y = x1 + dropped(through(inner, w, "down", adapters, seed), p, seed, sites[2])
    if not first:
        y = norm(y, kind, w["norm"], w["norm_bias"])
    return y * (documents != 0)[..., None]


class Layer(nn.Cell):
    def __init__(self, params, tables, shape, p=0.0, seed=0, sites=(0, 1, 2, 3), adapters=None, **more):
        super().__init__()
        own = {key: shape[key] for key in ("act", "norm", "norm_first", "gated")}
        rates = {"dropout": p, "attention_dropout": p, "active_dropout": p}
        self.fused = FusedDecoderLayer(*shape["heads"], **rates, eps=EPS, **own, **more)
        self.fused.bind(Parameter(Tensor(seed, ms.int32), name="seed", requires_grad=False), sites)
        self.cos, self.sin = (None, None) if tables is None else (Tensor(t.astype(np.float32)) for t in tables)
        for name, value in zip(PARAMETERS, params, strict=True):
            setattr(self, name, None if value is None else Parameter(Tensor(value.astype(np.float32)), name=name))
        self.adapters = None if adapters is None else Parameter(Tensor(adapters.astype(np.float32)), name="adapters")

    def construct(self, x, documents):
        return self.fused(
            x, documents, self.cos, self.sin, self.query, self.query_bias, self.key, self.key_bias, self.value,
            self.value_bias, self.output, self.output_bias, self.attention_norm, self.attention_norm_bias,
            self.intermediate, self.intermediate_bias, self.gate, self.gate_bias, self.down, self.down_bias, self.norm,
            self.norm_bias, None, self.adapters,
        )  # fmt: skip


def case(shape, B, S, H, inner, seed=0):
    """x, parameters (None for those that the shape has not), rotary tables, dy."""
    random = np.random.default_rng(seed)
    N, G, D = shape["heads"]
    sizes = {
        "query": (N * D, H), "key": (G * D, H), "value": (G * D, H), "output": (H, N * D), "attention_norm": (H,),
        "intermediate": (inner, H), "gate": (inner, H), "down": (H, inner), "norm": (H,),
    }  # fmt: skip
    params = []
    for name in PARAMETERS:
        matrix = name.removesuffix("_bias")
        there = shape["gated"] if matrix == "gate" else True
        if name != matrix:
            normal = matrix in ("norm", "attention_norm")
            all_of = shape["norm"] == "layer" if normal else shape["biases"] == "all"
            there = there and (all_of or shape["biases"] == "qkv" and matrix in ("query", "key", "value"))
        size = sizes[matrix][:1] if name != matrix else sizes[matrix]
        value = random.standard_normal(size) / math.sqrt(H) + (name in ("norm", "attention_norm"))
        params.append(value.astype(np.float32) if there else None)
    tables = None
    if shape["rotary"]:
        angles = np.arange(S)[:, None] / 10 ** np.arange(shape["rotary"])
        tables = np.cos(angles), np.sin(angles)
    x = random.standard_normal((B, S, H)).astype(np.float32)
    return x, params, tables, random.standard_normal((B, S, H)).astype(np.float32)


def forward_and_gradients(layer, x, documents, dy, jit=False):
    """y, dx, and the gradients of sum(y * dy) by the parameters that there are, by name."""
    layer.set_train()
    weight = Tensor(dy)

    def scalar(x, documents):
        y = layer(x, documents)
        return (y * weight).sum(), y

    both = ms.value_and_grad(scalar, 0, layer.trainable_params(), has_aux=True)
    (_, y), (dx, grads) = (ms.jit(both) if jit else both)(Tensor(x), Tensor(documents))
    names = [parameter.name for parameter in layer.trainable_params()]
    return y.asnumpy(), dx.asnumpy(), {name: grad.asnumpy() for name, grad in zip(names, grads, strict=True)}


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a[:2], b[:2], strict=True)) and all(
        np.array_equal(a[2][name], b[2][name]) for name in a[2]
    )


@EACH_SHAPE
@pytest.mark.parametrize("p,recompute,causal,documents", [
    (0.0, False, True, PACKED), (0.1, True, True, PACKED), (0.1, False, False, PACKED), (0.1, False, True, PREFIXED),
], ids=["causal", "recomputed", "full", "prefixed"])  # fmt: skip
def test_values_and_every_gradient_equal_float64(shape, p, recompute, causal, documents):
    x, params, tables, dy = case(shape, *documents.shape, 5, 7, seed=3)
    settings = dict(p=p, seed=77, sites=(4, 5, 9, 6), causal=causal)
    layer = Layer(params, tables, shape, **settings, recompute=recompute)
    y, dx, grads = forward_and_gradients(layer, x, documents, dy)
    there = [name for name, value in zip(PARAMETERS, params, strict=True) if value is not None]
    assert list(grads) == there
    wide = [None if a is None else a.astype(np.float64) for a in (x, *params)]

    def value():
        return oracle(wide[0], documents, wide[1:], tables, shape, **settings)

    np.testing.assert_allclose(y, value(), atol=3e-6)
    expected = numeric_gradients(lambda: (value() * dy).sum(), [a for a in wide if a is not None])
    for name, got, want in zip(("x", *there), (dx, *grads.values()), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=5e-5 * max(1, np.abs(want).max()), err_msg=name)


@NEEDS_AVX512
@EACH_SHAPE
def test_documents_alone_give_the_bits_of_documents_packed_together(shape):
    # 300 tokens: more than one block of queries; cut where no block ends
    numbers = np.repeat([1, 2, 3], [150, 37, 113])[None].astype(np.int32)
    x, params, tables, dy = case(shape, 1, 300, 24, 36)
    layer = Layer(params, tables, shape)
    y, dx, _ = forward_and_gradients(layer, x, numbers, dy)
    for number in (1, 2, 3):
        own = numbers[0] == number
        alone = forward_and_gradients(layer, x[:, own], np.ones((1, own.sum()), np.int32), dy[:, own])
        assert np.array_equal(alone[0], y[:, own]) and np.array_equal(alone[1], dx[:, own])


@EACH_SHAPE
def test_padding_has_no_effect(shape):
    x, params, tables, dy = case(shape, 2, 9, 8, 12)
    numbers = np.array([[1] * 5 + [0] * 4, [1, 1, 1, 2, 2, 2, 3, 0, 0]], np.int32)
    layer = Layer(params, tables, shape)
    expected = forward_and_gradients(layer, x, numbers, dy)
    x[numbers == 0] = np.nan
    garbage = forward_and_gradients(layer, x, numbers, dy)
    assert equal(garbage, expected)
    shorter = forward_and_gradients(layer, x[:, :7], numbers[:, :7], dy[:, :7])
    assert np.array_equal(shorter[0], expected[0][:, :7])
    assert all(np.array_equal(shorter[2][name], grad) for name, grad in expected[2].items())


@EACH_SHAPE
def test_graph_mode_recompute_and_repetition_give_the_same_bits(shape):
    x, params, tables, dy = case(shape, *PACKED.shape, 8, 12)
    first = forward_and_gradients(Layer(params, tables, shape, p=0.1), x, PACKED, dy)
    for jit, recompute in itertools.product([False, True], [False, True]):
        layer = Layer(params, tables, shape, p=0.1, recompute=recompute)
        assert equal(forward_and_gradients(layer, x, PACKED, dy, jit), first)


@NEEDS_AVX512
def test_one_to_four_threads_give_the_same_bits():
    from tasklab.kernels import build

    x, params, tables, dy = case(LLAMA, 4, 300, 48, 900)
    numbers = np.repeat(np.arange(1, 7), 50)[None].repeat(4, 0).astype(np.int32)
    results = []
    try:
        for threads in range(1, 5):
            build.library().tasklab_set_threads(threads)
            results.append(forward_and_gradients(Layer(params, tables, LLAMA, p=0.1), x, numbers, dy))
    finally:
        build.library().tasklab_set_threads(build.thread_count())
    assert all(equal(result, results[0]) for result in results[1:])


@pytest.mark.parametrize("jit", [False, True])
def test_frozen_parameters_leave_the_other_gradients_as_they_are(jit):
    x, params, tables, dy = case(QWEN2, *PACKED.shape, 8, 12)
    whole = forward_and_gradients(Layer(params, tables, QWEN2), x, PACKED, dy)
    layer = Layer(params, tables, QWEN2)
    wanted = {"query", "value_bias", "gate"}
    layer.fused.freeze([name for name in PARAMETERS if name not in wanted])
    for parameter in layer.get_parameters():
        parameter.requires_grad = parameter.name in wanted
    y, dx, grads = forward_and_gradients(layer, x, PACKED, dy, jit)
    assert set(grads) == wanted and np.array_equal(y, whole[0]) and np.array_equal(dx, whole[1])
    assert all(np.array_equal(grad, whole[2][name]) for name, grad in grads.items())


def test_prediction_equals_training_without_dropout():
    x, params, tables, dy = case(LLAMA, *PACKED.shape, 8, 12)
    y = forward_and_gradients(Layer(params, tables, LLAMA), x, PACKED, dy)[0]
    predicting = Layer(params, tables, LLAMA, p=0.3).set_train(False)
    assert np.array_equal(predicting(Tensor(x), Tensor(PACKED)).asnumpy(), y)


@pytest.mark.skipif(not kernels.bf16(), reason="this processor has no bfloat16 products")
@EACH_SHAPE
@pytest.mark.parametrize("recompute", [False, True])
def test_bf16_products_stay_within_their_rounding_of_float64(shape, recompute):
    # a bfloat16 is off by up to 2**-9 of itself; a handful of such roundings in a row give about 1 % in norm
    x, params, tables, dy = case(shape, *PACKED.shape, 5, 7, seed=3)
    settings = dict(p=0.1, seed=77, sites=(4, 5, 9, 6))
    layer = Layer(params, tables, shape, **settings, recompute=recompute, bfloat16=True)
    y, dx, grads = forward_and_gradients(layer, x, PACKED, dy)
    wide = [None if a is None else a.astype(np.float64) for a in (x, *params)]

    def value():
        return oracle(wide[0], PACKED, wide[1:], tables, shape, **settings)

    norm = np.linalg.norm
    assert 3e-4 * norm(value()) <= norm(y - value()) <= 0.01 * norm(value())
    expected = numeric_gradients(lambda: (value() * dy).sum(), [a for a in wide if a is not None])
    whole = math.sqrt(sum(norm(g) ** 2 for g in expected[1:]))
    for name, got, want in zip(("x", *grads), (dx, *grads.values()), expected, strict=True):
        assert norm(got - want) <= 0.02 * norm(want) + 0.01 * whole, name


@pytest.mark.skipif(not kernels.bf16(), reason="this processor has no bfloat16 products")
@EACH_SHAPE
def test_bf16_products_of_long_rows_stay_within_their_rounding(shape):
    numbers = np.repeat([[1, 2], [1, 0]], 75, 1).astype(np.int32)
    x, params, tables, dy = case(shape, 2, 150, 64, 96)
    exact_y, exact_dx, exact = forward_and_gradients(Layer(params, tables, shape, p=0.1), x, numbers, dy)
    y, dx, grads = forward_and_gradients(Layer(params, tables, shape, p=0.1, bfloat16=True), x, numbers, dy)
    assert 0 < np.linalg.norm(y - exact_y) <= 0.01 * np.linalg.norm(exact_y)
    # the slope of a relu jumps where rounding turns a sign
    assert 0 < np.linalg.norm(dx - exact_dx) <= 0.03 * np.linalg.norm(exact_dx)
    whole = math.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in exact.values()))
    for name, want in exact.items():
        assert np.linalg.norm(grads[name] - want) <= 0.02 * np.linalg.norm(want) + 0.01 * whole


@pytest.mark.parametrize("documents,line", [
    ([[1, 2, 1]], "the numbers of the documents in a row must not fall"),
    ([[1, 1, 1]], "a document has 3 tokens, the rotary tables 2 places"),
    ([[-1, 1, -1]], "a prefix stands at the beginning of its document"),
])  # fmt: skip
def test_what_cannot_be_computed_is_told_in_one_line(documents, line, capfd):
    x, params, tables, _ = case(LLAMA, 1, 3, 8, 12)
    layer = Layer(params, tuple(table[:2] for table in tables), LLAMA).set_train(False)
    with pytest.raises(RuntimeError, match="TasklabDecoderLayer"):
        layer(Tensor(x), Tensor(np.array(documents, np.int32))).asnumpy()
    assert line in capfd.readouterr().err


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="no fused activation 'gleu'; known: gelu"):
        FusedDecoderLayer(2, 2, 4, "gleu")
    with pytest.raises(ValueError, match="3 heads are not a multiple of 2 key/value heads"):
        FusedDecoderLayer(3, 2, 4)
    with pytest.raises(ValueError, match="no parameters qurey; known: query, query_bias"):
        FusedDecoderLayer(2, 2, 4, frozen=("qurey",))
