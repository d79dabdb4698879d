"""The fused decoder layer that reads a source against a float64 NumPy layer: values, every gradient, both paddings."""

import itertools
import math

import numpy as np
import pytest

from tasklab import kernels

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

import mindspore as ms  # noqa: E402
from mindspore import Parameter, Tensor, nn  # noqa: E402
from test_decoder_layer import norm, through  # noqa: E402
from test_encoder_layer import ACTIVATIONS, dropped, numeric_gradients  # noqa: E402

from tasklab.kernels.cross_layer import FusedCrossLayer  # noqa: E402

T5 = dict(heads=(2, 2, 3), act="relu", norm="rms", norm_first=True, gated=False, biased=False, positions=True)
GATED = {**T5, "heads": (4, 2, 2), "act": "gelu_new", "gated": True}
BART = dict(heads=(2, 2, 4), act="gelu", norm="layer", norm_first=False, gated=False, biased=True, positions=False)
PEGASUS = {**BART, "act": "relu", "norm_first": True}
SHAPES = {"t5": T5, "t5 gated, shared keys": GATED, "bart": BART, "pegasus": PEGASUS}
EACH_SHAPE = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
NEEDS_BF16 = pytest.mark.skipif(not kernels.bf16(), reason="this processor has no bfloat16 products")
# the second row is padding, the third has no source, the fourth a hole in its source
MASK = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]], np.int32)
SOURCE_MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 1, 0]], np.int32)


def attention(x, states, visible, w, prefix, shape, positions, p, seed, site, adapters):
    """[B, S, N D] in float64; a query that sees nothing gets zeros."""
    N, G, D = shape["heads"]
    q, k, v = (
        through(read, w, prefix + name, adapters, seed).reshape(*read.shape[:2], heads, D)
        for read, name, heads in ((x, "query", N), (states, "key", G), (states, "value", G))
    )
    k, v = (np.repeat(each, N // G, 2) for each in (k, v))
    scores = np.einsum("bind,bjnd->bnij", q, k) * 0.7
    if positions is not None:
        S = x.shape[1]
        scores = scores + positions[:, np.arange(S)[None] - np.arange(S)[:, None] + S - 1]
    scores = np.where(visible[:, None], scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True)) * visible[:, None]
    total = weights.sum(-1, keepdims=True)
    weights = dropped(weights / np.where(total == 0, 1, total), p, seed, site)
    return np.einsum("bnij,bjnd->bind", weights, v).reshape(*x.shape[:2], N * D)


def oracle(x, states, mask, source_mask, params, shape, p=0.0, seed=0, sites=(0, 1, 2, 3, 4, 5), adapters=()):
    """The layer of Vaswani et al. 2017, section 3, in float64; rows of padding come out as 0."""
    w = {name: 0.0 if params.get(name) is None else params[name] for name in FusedCrossLayer.names}
    real = mask != 0

    def step(x, name, function, output, site):
        """One part with its dropout, sum and norm."""
        normal = lambda x: norm(x, shape["norm"], w[name], w[name + "_bias"])  # noqa: E731
        y = through(function(normal(x) if shape["norm_first"] else x), w, output, adapters, seed)
        y = x + dropped(y, p, seed, site)
        return y if shape["norm_first"] else normal(y)

    def look_back(x):
        visible = (real[:, :, None] & real[:, None]) & np.tri(x.shape[1], dtype=bool)
        return attention(x, x, visible, w, "", shape, params.get("positions"), p, seed, sites[0], adapters)

    def look_across(x):
        visible = real[:, :, None] & (source_mask != 0)[:, None]
        return attention(x, states, visible, w, "source_", shape, None, p, seed, sites[4], adapters)

    def feed(x):
        inner, act = through(x, w, "intermediate", adapters, seed), ACTIVATIONS[shape["act"]]
        inner = act(through(x, w, "gate", adapters, seed)) * inner if shape["gated"] else act(inner)
        return dropped(inner, p, seed, sites[3])

    x = step(x, "attention_norm", look_back, "output", sites[1])
    x = step(x, "source_norm", look_across, "source_output", sites[5])
    return step(x, "norm", feed, "down", sites[2]) * real[..., None]


class Layer(nn.Cell):
    def __init__(self, params, shape, p=0.0, seed=0, sites=(0, 1, 2, 3, 4, 5), **more):
        super().__init__()
        own = {key: shape[key] for key in ("act", "norm", "norm_first", "gated")}
        own |= {"dropout": p, "attention_dropout": p, "active_dropout": p, "eps": 1e-5, "scale": 0.7}
        self.fused = FusedCrossLayer(*shape["heads"], **own, **more)
        self.fused.bind(Parameter(Tensor(seed, ms.int32), name="seed", requires_grad=False), sites)
        for name in FusedCrossLayer.names:
            value = params.get(name)
            setattr(self, name, None if value is None else Parameter(Tensor(value.astype(np.float32)), name=name))

    def construct(self, x, states, mask, source_mask):
        own = (
            self.query, self.query_bias, self.key, self.key_bias, self.value, self.value_bias, self.output,
            self.output_bias, self.attention_norm, self.attention_norm_bias, self.intermediate, self.intermediate_bias,
            self.gate, self.gate_bias, self.down, self.down_bias, self.norm, self.norm_bias, self.positions,
            self.adapters,
        )  # fmt: skip
        return self.fused(
            x, mask, None, None, states, source_mask, *own, self.source_query, self.source_query_bias, self.source_key,
            self.source_key_bias, self.source_value, self.source_value_bias, self.source_output,
            self.source_output_bias, self.source_norm, self.source_norm_bias,
        )  # fmt: skip


def case(shape, B, S, R, H, inner, seed=0):
    """x, states, parameters by name (those that the shape has), dy."""
    random = np.random.default_rng(seed)
    N, G, D = shape["heads"]
    sizes = {"output": (H, N * D), "attention_norm": (H,), "intermediate": (inner, H), "gate": (inner, H),
             "down": (H, inner), "norm": (H,), "source_output": (H, N * D), "source_norm": (H,)}  # fmt: skip
    for prefix in ("", "source_"):
        sizes |= {f"{prefix}query": (N * D, H), f"{prefix}key": (G * D, H), f"{prefix}value": (G * D, H)}
    params = {}
    for name in FusedCrossLayer.names:
        matrix = name.removesuffix("_bias")
        if name == "adapters":
            continue
        if name == "positions":
            if shape["positions"]:
                params[name] = random.standard_normal((N, 2 * S - 1)).astype(np.float32)
        elif (matrix != "gate" or shape["gated"]) and (matrix == name or shape["biased"]):
            size = sizes[matrix] if name == matrix else sizes[matrix][:1]
            params[name] = (random.standard_normal(size) / math.sqrt(H) + name.endswith("norm")).astype(np.float32)
    x, dy = (random.standard_normal((B, S, H)).astype(np.float32) for _ in range(2))
    return x, random.standard_normal((B, R, H)).astype(np.float32), params, dy


def forward_and_gradients(layer, x, states, mask, source_mask, dy, jit=False):
    """y, and the gradients of sum(y * dy) by x, by states and by the parameters that there are."""
    layer.set_train()
    weight = Tensor(dy)

    def scalar(x, states, mask, source_mask):
        y = layer(x, states, mask, source_mask)
        return (y * weight).sum(), y

    both = ms.value_and_grad(scalar, (0, 1), layer.trainable_params(), has_aux=True)
    inputs = (Tensor(each) for each in (x, states, mask, source_mask))
    (_, y), ((dx, dstates), grads) = (ms.jit(both) if jit else both)(*inputs)
    named = zip((p.name for p in layer.trainable_params()), grads, strict=True)
    return {"y": y.asnumpy(), "x": dx.asnumpy(), "states": dstates.asnumpy()} | {n: g.asnumpy() for n, g in named}


def equal(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


def exact(x, states, params, dy, shape, **settings):
    """Values and gradients of the float64 layer, named as those of `forward_and_gradients`."""
    wide = {name: value.astype(np.float64) for name, value in ({"x": x, "states": states} | params).items()}

    def value():
        return oracle(wide["x"], wide["states"], MASK, SOURCE_MASK, wide, shape, **settings)

    grads = numeric_gradients(lambda: (value() * dy).sum(), list(wide.values()))
    return {"y": value()} | dict(zip(wide, grads, strict=True))


@EACH_SHAPE
@pytest.mark.parametrize("p,recompute", [(0.0, False), (0.1, True)])
def test_values_and_every_gradient_equal_float64(shape, p, recompute):
    x, states, params, dy = case(shape, *MASK.shape, SOURCE_MASK.shape[1], 5, 7, seed=3)
    settings = dict(p=p, seed=77, sites=(4, 5, 9, 8, 6, 7))
    layer = Layer(params, shape, **settings, recompute=recompute)
    got = forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy)
    expected = exact(x, states, params, dy, shape, **settings)
    assert set(got) == set(expected)
    for name, want in expected.items():
        np.testing.assert_allclose(got[name], want, atol=5e-5 * max(1, np.abs(want).max()), err_msg=name)


@NEEDS_BF16
@EACH_SHAPE
def test_bf16_products_stay_within_their_rounding_of_float64(shape):
    # a bfloat16 is off by up to 2**-9 of itself; a handful of such roundings in a row give about 1 % in norm
    x, states, params, dy = case(shape, *MASK.shape, SOURCE_MASK.shape[1], 5, 7, seed=3)
    settings = dict(p=0.1, seed=77, sites=(4, 5, 9, 8, 6, 7))
    layer = Layer(params, shape, **settings, bfloat16=True)
    got = forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy)
    expected, size = exact(x, states, params, dy, shape, **settings), np.linalg.norm
    assert 3e-4 * size(expected["y"]) <= size(got["y"] - expected["y"]) <= 0.01 * size(expected["y"])
    whole = math.sqrt(sum(size(expected[name]) ** 2 for name in params))
    for name, want in expected.items():
        assert size(got[name] - want) <= 0.02 * size(want) + 0.01 * whole, name


@EACH_SHAPE
def test_padding_of_source_and_target_has_no_effect(shape):
    x, states, params, dy = case({**shape, "positions": False}, *MASK.shape, SOURCE_MASK.shape[1], 8, 12)
    layer = Layer(params, shape, p=0.0)
    expected = forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy)
    x[MASK == 0] = states[SOURCE_MASK == 0] = np.nan
    assert equal(forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy), expected)
    assert not expected["states"][SOURCE_MASK == 0].any() and not expected["states"][1].any()  # row 1 asks nothing


@EACH_SHAPE
def test_graph_mode_recompute_and_repetition_give_the_same_bits(shape):
    x, states, params, dy = case(shape, *MASK.shape, SOURCE_MASK.shape[1], 8, 12)
    first = forward_and_gradients(Layer(params, shape, p=0.1), x, states, MASK, SOURCE_MASK, dy)
    for jit, recompute in itertools.product([False, True], [False, True]):
        layer = Layer(params, shape, p=0.1, recompute=recompute)
        assert equal(forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy, jit), first)


def test_one_to_four_threads_give_the_same_bits():
    from tasklab.kernels import build

    x, states, params, dy = case(GATED, 4, 140, 300, 48, 900)  # more than one block of queries
    mask, source_mask = (np.arange(n)[None] < np.array([[n], [n - 1], [n // 2], [3]]) for n in (140, 300))
    results = []
    try:
        for threads in range(1, 5):
            build.library().tasklab_set_threads(threads)
            masks = (each.astype(np.int32) for each in (mask, source_mask))
            results.append(forward_and_gradients(Layer(params, GATED, p=0.1), x, states, *masks, dy))
    finally:
        build.library().tasklab_set_threads(build.thread_count())
    assert all(equal(result, results[0]) for result in results[1:])


@pytest.mark.parametrize("jit", [False, True])
def test_frozen_parameters_leave_the_other_gradients_as_they_are(jit):
    x, states, params, dy = case(BART, *MASK.shape, SOURCE_MASK.shape[1], 8, 12)
    whole = forward_and_gradients(Layer(params, BART), x, states, MASK, SOURCE_MASK, dy)
    layer, wanted = Layer(params, BART), {"query", "source_key", "source_value_bias", "norm"}
    layer.fused.freeze([name for name in FusedCrossLayer.names if name not in wanted])
    for parameter in layer.get_parameters():
        parameter.requires_grad = parameter.name in wanted
    got = forward_and_gradients(layer, x, states, MASK, SOURCE_MASK, dy, jit)
    assert set(got) == wanted | {"x", "y", "states"} and equal(got, whole)


def test_prediction_equals_training_without_dropout():
    x, states, params, dy = case(T5, *MASK.shape, SOURCE_MASK.shape[1], 8, 12)
    y = forward_and_gradients(Layer(params, T5), x, states, MASK, SOURCE_MASK, dy)["y"]
    predicting = Layer(params, T5, p=0.3).set_train(False)
    assert np.array_equal(predicting(*(Tensor(each) for each in (x, states, MASK, SOURCE_MASK))).asnumpy(), y)


def test_a_name_that_is_no_parameter_is_told():
    with pytest.raises(ValueError, match="no parameters source_gate; known: query, query_bias"):
        FusedCrossLayer(2, 2, 4, frozen=("source_gate",))
