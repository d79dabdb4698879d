"""Adapters inside the fused decoder layers against float64 layers: values, gradients, what is dropped before them."""

import numpy as np
import pytest

from tasklab import kernels

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

import test_cross_layer as across  # noqa: E402
import test_decoder_layer as alone  # noqa: E402
from test_encoder_layer import numeric_gradients  # noqa: E402

from tasklab.kernels.cross_layer import FusedCrossLayer  # noqa: E402
from tasklab.kernels.decoder_layer import PARAMETERS, FusedDecoderLayer  # noqa: E402

RANK, FIRST_SITE = 2, 20


def placed(params, names, p):
    """Flat numbers for adapters beside the Denses `names`, and what the oracle and the kernel are told of them.

    The matrices of the oracle are views of the numbers, which are float64.
    """
    count = RANK * sum(sum(params[name].shape) for name in names)
    flat, start, told = np.random.default_rng(5).standard_normal(count) * 0.3, 0, {}
    for site, name in enumerate(names, FIRST_SITE):
        out, inner = params[name].shape
        a, b = flat[start : start + RANK * inner], flat[start + RANK * inner : start + RANK * (inner + out)]
        told[name] = (a.reshape(RANK, inner), b.reshape(out, RANK), p, site)
        start += RANK * (inner + out)
    return flat, told, {name: (site, p) for name, (*_, p, site) in told.items()}


def decoder_case(shape, p, names=FusedDecoderLayer.denses, **more):
    """layer, its inputs and dy, a float64 value of it, adapters' numbers, x and parameters in float64."""
    x, params, tables, dy = alone.case(shape, *alone.PACKED.shape, 5, 7, seed=3)
    there = dict(zip(PARAMETERS, params, strict=True))
    flat, told, beside = placed(there, [name for name in names if there[name] is not None], p)
    settings = dict(p=0.1, seed=77, sites=(4, 5, 9, 6))
    layer = alone.Layer(params, tables, shape, **settings, adapters=flat, **more)
    layer.fused.adapt(RANK, beside)
    wide = [None if a is None else a.astype(np.float64) for a in (x, *params)]

    def value():
        return alone.oracle(wide[0], alone.PACKED, wide[1:], tables, shape, **settings, adapters=told)

    return layer, (x, alone.PACKED, dy), value, flat, [a for a in wide if a is not None]


@pytest.mark.parametrize("p, recompute, names", [
    (0.0, False, FusedDecoderLayer.denses), (0.3, True, FusedDecoderLayer.denses), (0.3, False, ("query", "down")),
])  # fmt: skip
@pytest.mark.parametrize("shape", [alone.LLAMA, alone.GPT2, alone.MIXED], ids=["llama", "gpt2", "mixed"])
def test_values_and_every_gradient_equal_float64(shape, p, recompute, names):
    layer, inputs, value, flat, wide = decoder_case(shape, p, names, recompute=recompute)
    y, dx, grads = alone.forward_and_gradients(layer, *inputs)
    np.testing.assert_allclose(y, value(), atol=2e-5)
    expected = numeric_gradients(lambda: (value() * inputs[2]).sum(), [*wide, flat])
    for name, got, want in zip(("x", *grads), (dx, *grads.values()), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-4 * max(1, np.abs(want).max()), err_msg=name)


def test_weights_may_stand_still_beside_adapters_and_adapters_beside_weights():
    whole = alone.forward_and_gradients(*_layer_and_inputs())
    for wanted in ({"adapters"}, set(whole[2]) - {"adapters"}):
        layer, *inputs = _layer_and_inputs()
        layer.fused.freeze([name for name in FusedDecoderLayer.names if name not in wanted])
        for parameter in layer.get_parameters():
            parameter.requires_grad = parameter.name in wanted
        y, dx, grads = alone.forward_and_gradients(layer, *inputs, jit=True)
        assert set(grads) == wanted and np.array_equal(y, whole[0]) and np.array_equal(dx, whole[1])
        assert all(np.array_equal(grad, whole[2][name]) for name, grad in grads.items())


def _layer_and_inputs():
    layer, inputs, *_ = decoder_case(alone.LLAMA, 0.3)
    return layer, *inputs


def test_prediction_drops_nothing():
    layer, (x, numbers, dy), value, *_ = decoder_case(alone.LLAMA, 0.0)
    dropping = decoder_case(alone.LLAMA, 0.3)[0].set_train(False)
    still = layer.set_train(False)
    inputs = [alone.Tensor(each) for each in (x, numbers)]
    assert np.array_equal(dropping(*inputs).asnumpy(), still(*inputs).asnumpy())


@pytest.mark.skipif(not kernels.bf16(), reason="this processor has no bfloat16 products")
@pytest.mark.parametrize("p", [0.0, 0.3])
def test_bf16_products_stay_within_their_rounding_of_float64(p):
    layer, inputs, value, flat, wide = decoder_case(alone.LLAMA, p, bfloat16=True)
    y, dx, grads = alone.forward_and_gradients(layer, *inputs)
    size = np.linalg.norm
    assert 3e-4 * size(value()) <= size(y - value()) <= 0.015 * size(value())
    expected = numeric_gradients(lambda: (value() * inputs[2]).sum(), [wide[0], flat])
    for got, want in zip((dx, grads["adapters"]), expected, strict=True):
        assert size(got - want) <= 0.03 * size(want)


@pytest.mark.parametrize("p, names", [(0.3, FusedCrossLayer.denses), (0.0, ("source_query", "source_value"))])
@pytest.mark.parametrize("shape", [across.GATED, across.BART], ids=["t5", "bart"])
def test_a_layer_that_reads_a_source_does_so_too(shape, p, names):
    x, states, params, dy = across.case(shape, *across.MASK.shape, across.SOURCE_MASK.shape[1], 5, 7, seed=3)
    flat, told, beside = placed(params, [name for name in names if name in params], p)
    settings = dict(p=0.1, seed=77, sites=(4, 5, 9, 8, 6, 7))
    layer = across.Layer(params | {"adapters": flat}, shape, **settings)
    layer.fused.adapt(RANK, beside)
    got = across.forward_and_gradients(layer, x, states, across.MASK, across.SOURCE_MASK, dy)
    wide = {name: value.astype(np.float64) for name, value in ({"x": x, "states": states} | params).items()}

    def value():
        own = {name: value for name, value in wide.items() if name in params}
        masks = (across.MASK, across.SOURCE_MASK)
        return across.oracle(wide["x"], wide["states"], *masks, own, shape, **settings, adapters=told)

    np.testing.assert_allclose(got["y"], value(), atol=2e-5)
    grads = numeric_gradients(lambda: (value() * dy).sum(), [*wide.values(), flat])
    for name, want in zip((*wide, "adapters"), grads, strict=True):
        np.testing.assert_allclose(got[name], want, atol=1e-4 * max(1, np.abs(want).max()), err_msg=name)


def test_numbers_that_are_too_few_or_beside_nothing_are_refused(capfd):
    layer, inputs, *_ = decoder_case(alone.GPT2, 0.0)
    layer.fused.adapt(RANK + 1, layer.fused.beside)
    with pytest.raises(RuntimeError, match="TasklabDecoderLayer"):
        alone.forward_and_gradients(layer, *inputs)
    assert "elements, expected" in capfd.readouterr().err
    layer.fused.adapt(RANK, {"gate": (20, 0.0)})
    with pytest.raises(RuntimeError, match="TasklabDecoderLayer"):
        alone.forward_and_gradients(layer, *inputs)
    assert "an adapter stands beside a Dense that is not there" in capfd.readouterr().err
