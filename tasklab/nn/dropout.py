"""Dropout from a counter, not from a generator's state: the same bits in every mode, in fused kernels, after a resume.

fmix32 is the finalizer of MurmurHash3 (Austin Appleby, public domain); Salmon et al. 2011 give the idea of counters.
"""

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from tasklab.nn.compat import on_cpu

GOLDEN, MIX1, MIX2 = 0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35


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
        # faster on CPU than int32 with masks, by a third; accelerators lack uint32 products
        self.kept = _KeptUnsigned(p) if on_cpu() else _KeptSigned(p)
        self.bind(None, 0)

    def bind(self, seed: Parameter | None, site: int):
        """Takes the network's seed and this cell's number in it."""
        # past Cell.__setattr__, which would list the seed among the weights to load and to save
        object.__setattr__(self, "seed", seed)
        self.site, self.kept.offset = site, self.kept.word(GOLDEN * (site + 1))

    def construct(self, x):
        if not self.training or self.p == 0:
            return x
        if self.seed is None:
            raise ValueError("Dropout trains without a seed: call tasklab.nn.dropout.bind_dropout(network) first")
        keep = self.kept(x.shape, ops.depend(self.seed, x)).reshape(x.shape)  # else all sites compute it at the start
        return x * (keep.astype(x.dtype) * (1 / (1 - self.p)))


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


class _Kept(nn.Cell):
    """(shape, seed) -> bool [rows, columns], as Dropout says. Subclasses say how 32 bits are held, shifted and compared."""

    def __init__(self, p: float, view):
        super().__init__()
        self.view, self.dtype = view, ms.uint32 if view is np.uint32 else ms.int32
        self.threshold = int(p * 2**31)
        self.mix1, self.mix2 = self.word(MIX1), self.word(MIX2)

    def word(self, value: int) -> Tensor:
        return Tensor(np.array(value % 2**32, np.uint32).view(self.view))

    def construct(self, shape, seed):
        columns, rows = shape[-1], 1
        for size in shape[:-1]:
            rows = rows * size
        seed = seed.astype(self.dtype)
        # The index is a sum of two short ranges and a zero that the compiler cannot see; without it, it would store
        # every index in the graph, once per site.
        zero = self.shift16(self.shift16(seed))
        row = (ops.arange(rows).astype(ms.int32) * columns).astype(self.dtype).reshape((rows, 1)) + zero
        indices = row + ops.arange(columns).astype(self.dtype)
        # bitwise operators are 8 times slower on CPU when one side is broadcast
        key = ops.tile(self.fmix32(seed + self.offset).reshape((1,)), (rows * columns,)).reshape((rows, columns))
        return self.at_least(self.fmix32(ops.bitwise_xor(indices, key)))

    def fmix32(self, h):
        h = ops.bitwise_xor(h, self.shift16(h)) * self.mix1
        h = ops.bitwise_xor(h, self.shift13(h)) * self.mix2
        return ops.bitwise_xor(h, self.shift16(h))


class _KeptUnsigned(_Kept):
    """In uint32. Dividing shifts right: half the time of bitwise_right_shift."""

    def __init__(self, p: float):
        super().__init__(p, np.uint32)
        self.two16, self.two13 = self.word(1 << 16), self.word(1 << 13)
        self.twice_threshold = self.word(2 * self.threshold)

    def shift16(self, h):
        return ops.floor_divide(h, self.two16)

    def shift13(self, h):
        return ops.floor_divide(h, self.two13)

    def at_least(self, u):
        return u >= self.twice_threshold  # u >> 1 >= t, one operation less


class _KeptSigned(_Kept):
    """In int32, whose products wrap around likewise; its right shift copies the sign, which is masked away."""

    def __init__(self, p: float):
        super().__init__(p, np.int32)

    def shift16(self, h):
        return ops.bitwise_and(ops.bitwise_right_shift(h, 16), 0xFFFF)

    def shift13(self, h):
        return ops.bitwise_and(ops.bitwise_right_shift(h, 13), 0x7FFFF)

    def at_least(self, u):
        return ops.bitwise_and(ops.bitwise_right_shift(u, 1), 0x7FFFFFFF) >= self.threshold
