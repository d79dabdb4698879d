"""The C++ form of the dropout formula drops exactly the values that the NumPy and the operator forms drop.

The layer is given weights that show its masks: every value that can be dropped becomes one output of its own.
"""

import numpy as np
import pytest
from test_encoder_layer import EPS, fmix32

from tasklab.nn.blocks.dropout import GOLDEN, _DropByOperators, dropped

import mindspore as ms  # noqa: E402, isort: skip - after the module above, which skips where there are no kernels
from mindspore import Parameter, Tensor  # noqa: E402, isort: skip
from tasklab.kernels.ops import FusedEncoderLayer  # noqa: E402, isort: skip

SEED, SITES = 2**31 - 1, (7, 8, 9)


def layer(x, mask, heads, parts, attention=0.0, hidden=0.0):
    """y [B, S, H] of a layer in training whose weights and biases are 0 but for `parts`; norms multiply with 1."""
    H = x.shape[-1]
    names = "query key value output norm1 up down norm2".split()
    sizes = {"norm1": (H,), "up": (1, H), "norm2": (H,), "down": (H, 1)}
    parameters = []
    for name in names:
        size = sizes.get(name, (H, H))
        weight = np.ones(size) if name.startswith("norm") else np.zeros(size)
        parameters += [parts.get(name, weight), parts.get(f"{name}_bias", np.zeros(size[0]))]
    fused = FusedEncoderLayer(heads, "relu", hidden, attention, EPS).set_train()
    fused.bind(Parameter(Tensor(SEED, ms.int32), name="seed", requires_grad=False), SITES)
    return fused(Tensor(x), Tensor(mask), *(Tensor(p.astype(np.float32)) for p in parameters)).asnumpy()


def kept_by_attention(mask, heads, p):
    """Whether each probability between real tokens is kept. mask [B, S] -> [B, heads, L, L], L real tokens in a row.

    All scores are 0, so every probability is 1 / L before dropout. The j-th real token's value is the j-th unit vector
    in every head, so output j of head n at query i is 1000 times probability (n, i, j). One more output of each head is
    500 / L always: a probability is kept where its output is above that one, which the last norm does not change.
    """
    L = int(mask.sum(1).max())
    H = heads * (L + 1)
    x = np.zeros((*mask.shape, H), np.float32)
    rows, columns = np.nonzero(mask)
    x[rows, columns, np.concatenate([np.arange(n) for n in mask.sum(1)])] = 1  # little beside 1000 / L
    units = np.arange(H) % (L + 1)
    value = np.zeros((H, H))
    value[units < L, units[units < L]] = 1  # the first L inputs, once for every head
    parts = {"value": value, "output": 1000 * np.eye(H), "output_bias": 500 / L * (units == L)}
    y = layer(x, mask, heads, parts, attention=p)[mask != 0].reshape(-1, L, heads, L + 1)
    return (y[..., :L] > y[..., L:]).transpose(0, 2, 1, 3)


def kept_by_output(shape, p):
    """Whether each value of the feed-forward's output is kept, but for the last of a row: [B, S, H - 1].

    The output is 1, and 1 / (1 - p) where it is kept. The last of a row is 0 and has 0.5 from the norm before.
    """
    B, S, H = shape
    last = np.arange(H) == H - 1
    parts = {"norm1_bias": 0.5 * last, "down_bias": 1.0 - last}
    y = layer(np.zeros(shape, np.float32), np.ones((B, S), np.int32), 1, parts, hidden=p)
    return y[..., :-1] > y[..., -1:]


def kept_by_others(shape, p, site):
    ones, salt = np.ones(shape, np.float32), (GOLDEN * (site + 1)) % 2**32
    by_numpy = dropped(ones, p, SEED + salt) != 0
    signed = Tensor(np.array(salt, np.uint32).view(np.int32))
    by_operators = _DropByOperators(p)(Tensor(ones), Tensor(SEED, ms.int32), signed).asnumpy() != 0
    assert np.array_equal(by_numpy, by_operators)
    return by_numpy


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("shape", [(2, 3, 7, 7), (1, 1, 65, 65), (3, 5, 16, 16)])
def test_attention_drops_the_bits_of_numpy_and_operators(shape, p):
    mask = np.ones((shape[0], shape[2]), np.int32)
    assert np.array_equal(kept_by_attention(mask, shape[1], p), kept_by_others(shape, p, SITES[0]))


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("shape", [(3, 5, 37), (1, 1, 129), (2, 130, 64)])
def test_the_output_drops_the_bits_of_numpy_and_operators(shape, p):
    assert np.array_equal(kept_by_output(shape, p), kept_by_others(shape, p, SITES[2])[..., :-1])


def test_indices_of_2_to_the_32_and_more_wrap_around():
    # 64 heads of 4096 x 4096 probabilities are 2**30 in a row of the batch: its fourth row ends at index 2**32 - 1
    heads, S, p = 64, 4096, 0.5
    columns = np.array([0, 1, 2048, 4095])
    mask = np.zeros((5, S), np.int32)
    mask[3:, columns] = 1
    b, n, i, j = np.meshgrid([3, 4], np.arange(heads), columns, columns, indexing="ij")
    index = ((b * heads + n) * S + i) * S + j
    assert index.max() > 2**32 > 2**32 - 1 in index
    key = fmix32([(SEED + 0x9E3779B9 * (SITES[0] + 1)) % 2**32])
    u = fmix32(index % 2**32 * 0x9E3779B9 % 2**32 + key)  # int64 but for fmix32, which takes the low 32 bits
    assert np.array_equal(kept_by_attention(mask, heads, p), u >> 1 >= 2**30)
