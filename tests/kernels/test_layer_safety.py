"""Whatever the fused layer is given, it answers rightly or with one clear line: sizes, NaN, alignment, types."""

import numpy as np
import pytest
from same_rows import NEEDS_AVX512
from test_encoder_layer import Layer, case, forward_and_gradients

from tasklab.kernels import build

import mindspore as ms  # noqa: E402, isort: skip - after the module above, which skips where there are no kernels
from mindspore import Tensor  # noqa: E402, isort: skip


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("B,S", [(0, 5), (2, 0)])
def test_an_empty_batch_gives_an_empty_result_and_gradients_of_zero(B, S, recompute):
    x, mask, params, dy = case(B, S, 8, 12)
    y, grads = forward_and_gradients(Layer(params, 2, p=0.1, recompute=recompute), x, mask, dy)
    assert y.shape == grads[0].shape == (B, S, 8)
    assert [g.shape for g in grads[1:]] == [p.shape for p in params]
    assert not any(g.any() for g in grads)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("recompute", [False, True])
def test_a_value_that_is_not_finite_spoils_its_own_row_only(value, recompute):
    # attention mixes the tokens of a row, and a norm over an infinity is NaN: the row becomes NaN, its neighbours keep
    # their bits; gradients of the parameters are sums over all rows, so they are NaN too, but for the last norm's
    # beta, whose gradient is a sum of dy alone
    x, mask, params, dy = case(3, 7, 12, 20, lengths=[7, 4, 6])
    layer = Layer(params, 3, p=0.1, recompute=recompute)
    y, grads = forward_and_gradients(layer, x, mask, dy)
    x[1, 2, 5] = value
    spoilt_y, spoilt = forward_and_gradients(layer, x, mask, dy)
    others = [0, 2]
    assert np.array_equal(spoilt_y[others], y[others]) and np.array_equal(spoilt[0][others], grads[0][others])
    assert np.isnan(spoilt_y[1, :4]).all() and not spoilt_y[1, 4:].any()
    assert [bool(np.isnan(g).any()) for g in spoilt] == [True] * 16 + [False]


def test_scores_beyond_float32_make_their_row_nan_as_a_softmax_of_infinity_does():
    x, mask, params, _ = case(2, 5, 8, 12)
    x[0] *= 1e20  # query . key overflows to infinity of either sign
    y = Layer(params, 2).set_train(False)(Tensor(x), Tensor(mask)).asnumpy()
    assert np.isnan(y[0]).all() and np.isfinite(y[1]).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e4])
def test_tiny_and_large_values_stay_finite(scale):
    x, mask, params, dy = case(2, 5, 8, 12)
    y, grads = forward_and_gradients(Layer(params, 2), x * np.float32(scale), mask, dy)
    assert np.isfinite(y).all() and all(np.isfinite(g).all() for g in grads)


def test_buffers_between_the_steps_of_a_vector_give_the_same_bits():
    x, mask, params, _ = case(2, 9, 20, 33, lengths=[9, 6])
    store = np.zeros(x.size + 32, np.float32)
    first = -store.__array_interface__["data"][0] // 4 % 16 + 1  # one float beyond a multiple of 64 bytes
    moved = store[first : first + x.size].reshape(x.shape)
    moved[...] = x
    tensor = Tensor.from_numpy(moved)  # shares the memory
    assert tensor.data_ptr() % 64 == 4
    layer = Layer(params, 4).set_train(False)
    assert np.array_equal(layer(tensor, Tensor(mask)).asnumpy(), layer(Tensor(x), Tensor(mask)).asnumpy())


@NEEDS_AVX512
@pytest.mark.parametrize("recompute", [False, True])
def test_one_to_eight_threads_give_the_same_bits(recompute):
    # 1100 tokens and an inner size of 900 are cut into other tiles for other numbers of threads
    x, mask, params, dy = case(4, 300, 48, 900, lengths=[300, 299, 300, 201])
    layer = Layer(params, 4, p=0.1, recompute=recompute)
    results = []
    try:
        for threads in range(1, 9):
            build.library().tasklab_set_threads(threads)
            y, grads = forward_and_gradients(layer, x, mask, dy)
            results.append([y, *grads])
    finally:
        build.library().tasklab_set_threads(build.thread_count())
    for result in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(result, results[0], strict=True))


WRONG = [  # what is passed for x and mask, and the line on stderr
    (lambda x, mask: (x, mask[:, :3]), "argument 1 has 6 elements, expected 10"),
    (lambda x, mask: (x[0], mask), "argument 0 must have rank 3"),
    (lambda x, mask: (x.astype(np.float16), mask), "argument 0 is float16, expected float32"),
    (lambda x, mask: (x, mask.astype(np.int64)), "argument 1 is int64, expected int32"),
]


@pytest.mark.parametrize("spoil,line", WRONG)
def test_a_wrong_shape_or_type_is_told_in_one_line(spoil, line, capfd):
    x, mask, params, _ = case(2, 5, 8, 12)
    with pytest.raises(RuntimeError, match="TasklabLayer"):
        Layer(params, 2).set_train(False)(*map(Tensor, spoil(x, mask))).asnumpy()
        ms.runtime.synchronize()
    assert f"tasklab kernel TasklabLayer: {line}\n" in capfd.readouterr().err


def test_heads_that_do_not_divide_the_hidden_size_are_refused(capfd):
    x, mask, params, _ = case(2, 5, 8, 12)
    with pytest.raises(RuntimeError, match="TasklabLayer"):
        Layer(params, 3).set_train(False)(Tensor(x), Tensor(mask)).asnumpy()
    assert "hidden size is not a multiple of the heads\n" in capfd.readouterr().err
