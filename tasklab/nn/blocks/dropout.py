"""Dropout from a counter, not from a generator's state: the same bits in every mode, in fused kernels, after a resume.

fmix32 is the finalizer of MurmurHash3 (Austin Appleby, public domain); Salmon et al. 2011 give the idea of counters.
"""

import functools

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from tasklab.nn.compat import runs_numpy

DROPOUT_VERSION = 2
"""The formula by which values are dropped: a run that resumes under another number draws other masks than before.

1 hashed index ^ key, whose values correlated with others at distances that rows have, by up to 0.017 (the hash mixes
neighbours too little). 2 hashes index * GOLDEN + key: over 12 keys of 2**23 values no distance below 100,000 stands out
from independent coins, and beyond it 33 of 4 million do, by 0.0006 to 0.003. Any changed bit of a mask, here or in
kernels/src/dropout.h, is a new number.
"""
GOLDEN, MIX1, MIX2 = 0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35
CHUNK = 1 << 14
"""Values that NumPy hashes at a time: three such buffers stay in the first two cache levels."""


class Dropout(nn.Cell):
    """Zeroes each value with probability p and scales the others by 1 / (1 - p); outside training it does nothing.

    With i the flat row-major index of a value, all in uint32:
    key = fmix32(seed + GOLDEN * (site + 1)), u = fmix32(i * GOLDEN + key), kept if and only if
    u >> 1 >= floor(p * 2**31). `bind_dropout` sets site and seed.

    Inputs:  x of any shape, float.   Returns: the same.
    Raises:  ValueError when p is not in [0, 1), or in training before `bind_dropout`.
    """

    def __init__(self, p: float):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout probability {p} is not in [0, 1)")
        self.p = p
        self.drop = _drop_by_numpy(p) if runs_numpy() else _DropByOperators(p)
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


def draws_dropout(network: nn.Cell) -> bool:
    """Whether anything is dropped while `network` trains."""
    return any(isinstance(cell, Dropout) and cell.p > 0 for _, cell in network.cells_and_names())


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
    key = np.array([salted_seed % 2**32], np.uint32)  # an array: NumPy warns of scalars that wrap around
    _fmix32(key, np.empty_like(key))
    flat, out = x.reshape(-1), np.empty(x.size, x.dtype)
    threshold, scale = np.uint32(2 * int(p * 2**31)), x.dtype.type(1 / (1 - p))  # u >> 1 >= t is u >= 2 t
    hashes, shifted = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)
    for start in range(0, x.size, CHUNK):
        end = min(x.size, start + CHUNK)
        u = hashes[: end - start]
        _hash(start, int(key[0]), u, shifted[: len(u)])
        np.multiply(flat[start:end], u >= threshold, out=out[start:end])
        out[start:end] *= scale
    return out.reshape(x.shape)


def _hash(start: int, key: int, u: np.ndarray, shifted: np.ndarray):
    """u [n <= CHUNK] = hashes of the indices start, start + 1, ... modulo 2**32; `shifted` is scratch of that size."""
    np.add(_steps()[: len(u)], np.uint32((start * GOLDEN + key) % 2**32), out=u)  # start and key in Python's integers
    _fmix32(u, shifted)


@functools.cache
def _steps() -> np.ndarray:
    """0, GOLDEN, 2 GOLDEN, ... modulo 2**32: the one product per value, made once. [CHUNK] uint32"""
    return np.arange(CHUNK, dtype=np.uint32) * np.uint32(GOLDEN)


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
        self.golden, self.mix1, self.mix2 = _words(GOLDEN), _words(MIX1), _words(MIX2)

    def construct(self, x, seed, salt):
        columns, rows = x.shape[-1], 1
        for size in x.shape[:-1]:
            rows = rows * size
        key = self.fmix32(ops.depend(seed, x) + salt)  # without `depend` all sites would draw before the first layer
        # The zero is one that the compiler cannot see: it would compute every index and store it in the graph.
        zero = self.shift(self.shift(seed, 16), 16)
        u = self.hash(ops.arange(rows).astype(ms.int32) + zero, columns, key)  # [rows, columns]
        keep = (self.shift(u, 1) >= self.threshold).reshape(x.shape)  # 31 bits, so that int32 compares them rightly
        return x * (keep.astype(x.dtype) * self.scale)

    def hash(self, row, columns, key):
        """Hashes of the values of some rows. row [R] int32, the rows' numbers. Returns: [R, columns] int32."""
        first = (row * columns * self.golden).reshape((-1, 1))  # [R, 1]; i * GOLDEN = first + column * GOLDEN
        return self.fmix32(first + ops.arange(columns).astype(ms.int32) * self.golden + key)

    def fmix32(self, h):
        h = ops.bitwise_xor(h, self.shift(h, 16)) * self.mix1  # int32 products keep the low 32 bits, as uint32 ones do
        h = ops.bitwise_xor(h, self.shift(h, 13)) * self.mix2
        return ops.bitwise_xor(h, self.shift(h, 16))

    def shift(self, h, bits):
        """h >> bits, with the copies of the sign masked away."""
        return ops.bitwise_and(ops.bitwise_right_shift(h, bits), (1 << (32 - bits)) - 1)
