"""Dropout from a counter, not from a generator's state: the same bits in every mode, in fused kernels, after a resume.

fmix32 is the finalizer of MurmurHash3 (Austin Appleby, public domain); Salmon et al. 2011 give the idea of counters.
"""

import functools

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from tasklab.nn.compat import on_cpu

GOLDEN, MIX1, MIX2 = 0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35
CHUNK = 1 << 14
"""Values that NumPy hashes at a time: three such buffers stay in the first two cache levels."""


class Dropout(nn.Cell):
    """Zeroes each value with probability p and scales the others by 1 / (1 - p); outside training it does nothing.

    With i the flat row-major index of a value, all in uint32:
    key = fmix32(seed + GOLDEN * (site + 1)), u = fmix32(i ^ key), kept if and only if u >> 1 >= floor(p * 2**31).
    `bind_dropout` sets site and seed.

    Inputs:  x of any shape, float.   Returns: the same.
    Raises:  ValueError when p is not in [0, 1), or in training before `bind_dropout`.
    """

    def __init__(self, p: float):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout probability {p} is not in [0, 1)")
        self.p = p
        self.drop = _drop_by_numpy(p) if on_cpu() else _DropByOperators(p)
        self.bind(None, 0)

    def bind(self, seed: Parameter | None, site: int):
        """Takes the network's seed and this cell's number in it."""
        # past Cell.__setattr__, which would list the seed among the weights to load and to save
        object.__setattr__(self, "seed", seed)
        self.site, self.salt = site, _words(GOLDEN * (site + 1))

    def construct(self, x):
        if not self.training or self.p == 0:
            return x
        if self.seed is None:
            raise ValueError("Dropout trains without a seed: call bind_dropout(network) first")
        return self.drop(x, self.seed, self.salt)


def bind_dropout(network: nn.Cell) -> Parameter:
    """Numbers the dropouts of `network` in the order they are declared and gives them one seed, which is returned.

    Set it before every micro-step: seed.set_data(Tensor(value, ms.int32)), 0 <= value < 2**31. It is not a weight of
    the network, so that checkpoints neither hold nor miss it. A second call returns the same seed. A cell that hands
    its dropouts to a kernel is told by its method `dropout_bound`.
    """
    cells = [cell for _, cell in network.cells_and_names() if isinstance(cell, Dropout)]
    bound = {id(cell.seed): cell.seed for cell in cells}
    seed = next(iter(bound.values()), None)
    if len(bound) != 1 or seed is None:
        seed = Parameter(Tensor(0, ms.int32), name="dropout_seed", requires_grad=False)
    for site, cell in enumerate(cells):
        cell.bind(seed, site)
    for _, cell in network.cells_and_names():
        if hasattr(cell, "dropout_bound"):
            cell.dropout_bound()
    return seed


def _words(value: int) -> Tensor:
    """The low 32 bits of `value` as an int32 scalar."""
    return Tensor(np.array(value % 2**32, np.uint32).view(np.int32))


@functools.cache
def _drop_by_numpy(p: float):
    """Operator (x, seed, salt) -> x after dropout, for CPU; its gradient draws the same values again.

    MindSpore's integer products, sums and comparisons build a table of 16 bytes per value on CPU and never free it:
    a step of 6 layers took 6.6 GB with the operators below, against 3.6 GB without dropout.
    """

    def keep_shape(x, seed, salt):
        return x

    def bprop(x, seed, salt, out, dout):
        return drop(dout, seed, salt), ops.zeros_like(seed), ops.zeros_like(salt)

    def values(x, seed, salt):
        return dropped(x, p, int(seed) + int(salt))

    drop = ops.Custom(values, keep_shape, keep_shape, "pyfunc", bprop)
    return drop


def dropped(x: np.ndarray, p: float, salted_seed: int) -> np.ndarray:
    """NumPy's dropout of `x` as `Dropout` says, with seed + GOLDEN * (site + 1) given as one number."""
    key = np.array([salted_seed % 2**32], np.uint32)
    _fmix32(key, np.empty_like(key))
    flat, out = x.reshape(-1), np.empty(x.size, x.dtype)
    counter = np.arange(CHUNK, dtype=np.uint32)
    threshold, scale = np.uint32(2 * int(p * 2**31)), x.dtype.type(1 / (1 - p))  # u >> 1 >= t is u >= 2 t
    hashes, shifted = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    for start in range(0, x.size, CHUNK):
        end = min(x.size, start + CHUNK)
        u = hashes[: end - start]
        np.add(counter[: len(u)], np.uint32(start), out=u)
        u ^= key[0]
        _fmix32(u, shifted[: len(u)])
        np.multiply(flat[start:end], u >= threshold, out=out[start:end])
        out[start:end] *= scale
    return out.reshape(x.shape)


def _fmix32(h: np.ndarray, shifted: np.ndarray):
    """In place; `shifted` is scratch of the same size."""
    for shift, factor in ((16, MIX1), (13, MIX2)):
        h ^= np.right_shift(h, shift, out=shifted)
        h *= np.uint32(factor)
    h ^= np.right_shift(h, 16, out=shifted)


class _DropByOperators(nn.Cell):
    """The same from stock operators in int32, whose products wrap around likewise; for accelerators."""

    def __init__(self, p: float):
        super().__init__()
        self.threshold, self.scale = int(p * 2**31), 1 / (1 - p)
        self.mix1, self.mix2 = _words(MIX1), _words(MIX2)

    def construct(self, x, seed, salt):
        columns, rows = x.shape[-1], 1
        for size in x.shape[:-1]:
            rows = rows * size
        key = self.fmix32(ops.depend(seed, x) + salt)  # without `depend` all sites would draw before the first layer
        # The zero is one that the compiler cannot see: it would compute every index and store it in the graph.
        zero = self.shift(self.shift(seed, 16), 16)
        row = (ops.arange(rows).astype(ms.int32) * columns).reshape((rows, 1)) + zero
        u = self.fmix32(ops.bitwise_xor(row + ops.arange(columns).astype(ms.int32), key))
        keep = (self.shift(u, 1) >= self.threshold).reshape(x.shape)
        return x * (keep.astype(x.dtype) * self.scale)

    def fmix32(self, h):
        h = ops.bitwise_xor(h, self.shift(h, 16)) * self.mix1
        h = ops.bitwise_xor(h, self.shift(h, 13)) * self.mix2
        return ops.bitwise_xor(h, self.shift(h, 16))

    def shift(self, h, bits):
        """h >> bits, with the copies of the sign masked away."""
        return ops.bitwise_and(ops.bitwise_right_shift(h, bits), (1 << (32 - bits)) - 1)
