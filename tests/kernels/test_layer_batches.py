"""BERT's layer in large batches and small ones: the same bits in values and in gradients by x, of long rows too.

Nothing is stored: a row alone, among few and among many is compared with itself. Blocks of queries end at 128.
"""

import numpy as np
import pytest

from tasklab import kernels

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

from same_rows import NEEDS_AVX512  # noqa: E402
from test_encoder_layer import Layer, case, forward_and_gradients  # noqa: E402

BATCHES = [  # batch, sequence, hidden, inner, heads, lengths
    (16, 32, 384, 1536, 12, None),  # 512 tokens, MiniLM's sizes
    (8, 150, 128, 512, 4, [150, 129, 128, 140] * 2),
    (4, 300, 64, 128, 4, [300, 257, 131, 290]),
    (4, 150, 256, 512, 4, None),  # heads of 64
]


@NEEDS_AVX512
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("B,S,H,inner,heads,lengths", BATCHES)
def test_a_row_has_the_same_bits_in_every_batch(B, S, H, inner, heads, lengths, recompute, causal):
    x, mask, params, dy = case(B, S, H, inner, seed=S, lengths=lengths)
    layer = Layer(params, heads, causal=causal, recompute=recompute)
    y, grads = forward_and_gradients(layer, x, mask, dy)
    real = mask.astype(bool)
    assert np.abs(y[real]).max() > 0 and np.abs(grads[0][real]).max() > 0
    for count in {1, 2, B // 2}:
        for first in range(0, B, count):
            few = slice(first, first + count)
            its, (dx, *_) = forward_and_gradients(layer, x[few], mask[few], dy[few])
            np.testing.assert_array_equal(its, y[few], err_msg=f"rows {first} to {first + count} of {B}")
            np.testing.assert_array_equal(dx, grads[0][few], err_msg=f"rows {first} to {first + count} of {B}")


@pytest.mark.parametrize("lengths", [[150, 77, 140], [300, 290, 257]])
def test_gradients_of_weights_are_the_same_bits_wherever_padding_lies(lengths):
    x, mask, params, dy = case(3, 304, 128, 256, seed=1, lengths=lengths)
    layer, widths = Layer(params, 4), (max(lengths), 304)
    (y, grads), (wide, padded) = (
        forward_and_gradients(layer, *(array[:, :width] for array in (x, mask, dy))) for width in widths
    )
    np.testing.assert_array_equal(wide[:, : widths[0]], y)
    for narrow, same in zip(grads[1:], padded[1:], strict=True):
        np.testing.assert_array_equal(same, narrow)
