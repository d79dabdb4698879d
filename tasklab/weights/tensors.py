"""Tensors that stay in their file until they are asked for, so that a conversion holds one of them at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass

import numpy as np

from tasklab.errors import CheckpointError, brief

BFLOAT16 = "bfloat16"  # NumPy has no such type: its values are widened to float32
MAX_DIMENSIONS = 32  # NumPy's
ITEM_SIZE = {BFLOAT16: 2}


@dataclass(frozen=True)
class LazyTensor:
    """Shape and type of a tensor, and how to get it; np.asarray(tensor) reads it.

    stored: its type in the file. checked: to read it raises ValueError where a value is not finite.
    part: a slice of its rows, where that takes less than to read it all.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]
    stored: str = ""
    checked: bool = False
    part: Callable[[slice], np.ndarray] | None = None

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.read() if dtype is None else self.read().astype(dtype, copy=False)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self.read()[rows] if self.part is None else self.part(rows)

    def map(self, function: Callable[[np.ndarray], np.ndarray]) -> LazyTensor:
        """function(self), later. Now it sees the ghost, to learn the shape."""
        ghost = function(self.ghost())
        return LazyTensor(ghost.shape, ghost.dtype, lambda: function(self.read()), self.stored, self.checked)

    def ghost(self) -> np.ndarray:
        """An array of zeros of its shape that takes no memory."""
        return np.broadcast_to(np.zeros((), self.dtype), self.shape)

    def as_float32(self) -> LazyTensor:
        """Itself, or its float32 values where it holds another float type."""
        if self.dtype.kind != "f" or self.dtype == np.float32:
            return self
        return LazyTensor(self.shape, np.dtype("f4"), lambda: self.read().astype(np.float32), self.stored)


def together(tensors: list[LazyTensor], count: int, function: Callable) -> list[LazyTensor]:
    """function(*tensors), later: `count` tensors, or none. Now it sees the ghosts, to learn the shapes."""
    if not count:
        return []
    whole = (lambda arrays: [function(*arrays)]) if count == 1 else (lambda arrays: function(*arrays))
    ghosts = whole([part.ghost() for part in tensors])
    return [
        LazyTensor(ghost.shape, ghost.dtype, lambda n=n: whole([part.read() for part in tensors])[n], tensors[0].stored)
        for n, ghost in enumerate(ghosts)
    ]


def lazy(value) -> LazyTensor:
    """A tensor that is in memory already, or lazy itself."""
    if isinstance(value, LazyTensor):
        return value
    array = np.asarray(value)
    return LazyTensor(array.shape, array.dtype, lambda: array, str(array.dtype))


def storable(tensors: dict, types: Container[np.dtype], place: str) -> dict[str, LazyTensor]:
    """The tensors, lazy. Raises: CheckpointError for one of a type that `place`, a kind of file, cannot hold."""
    lazy_tensors = {name: lazy(tensor) for name, tensor in tensors.items()}
    for name, tensor in lazy_tensors.items():
        if tensor.dtype not in types:
            raise CheckpointError(f"tensor {name!r}: type {tensor.dtype} has no place in {place}")
    return lazy_tensors


def stored_tensor(shape, stored: str, read: Callable[[], bytes | np.ndarray]) -> LazyTensor:
    """A tensor whose bytes `read` gives in row-major order; stored: a NumPy type name or BFLOAT16.

    Raises: ValueError for a shape that is none.
    """
    shape = tuple(shape)
    if any(type(size) is not int or size < 0 for size in shape) or len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"shape {brief(list(shape[:33]))}")
    dtype = np.dtype(np.float32 if stored == BFLOAT16 else stored)
    return LazyTensor(shape, dtype, lambda: from_bytes(read(), stored).reshape(shape), stored)


def from_bytes(data, stored: str) -> np.ndarray:
    """Flat array of what the bytes hold. Raises: ValueError when they do not end with an item."""
    if stored == BFLOAT16:  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, np.dtype(stored).newbyteorder("<"))


def stored_size(shape, stored: str) -> int:
    """Bytes in the file. Raises: ValueError for more dimensions than an array has, whose product takes long."""
    if len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"a tensor of {len(shape)} dimensions")
    return math.prod(shape) * item_size(stored)


def item_size(stored: str) -> int:
    return ITEM_SIZE.get(stored) or np.dtype(stored).itemsize


def cast_notes(tensors: dict) -> tuple[str, ...]:
    """One line per float type that `as_float32` changes."""
    counts = Counter(t.stored for t in tensors.values() if t.dtype.kind == "f" and t.stored not in ("", "float32"))
    return tuple(f"cast {count} tensors from {stored} to float32" for stored, count in sorted(counts.items()))


def check_finite(place, tensors: dict) -> None:
    """Reads every tensor that does not look itself. Raises: CheckpointError that counts NaN and infinities, tensor by
    tensor."""
    bad, count = [], 0
    for name, tensor in tensors.items():
        if getattr(tensor, "checked", False):
            continue
        array = np.asarray(tensor)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            count += 1
            nans, infinities = int(np.isnan(array).sum()), int(np.isinf(array).sum())
            bad += [f"{name} ({nans} NaN, {infinities} infinite of {array.size})"] * (count <= 5)
    if bad:
        more = f", and {count - 5} more" if count > 5 else ""
        raise CheckpointError(f"{place}: {count} tensors hold values that are no numbers: {', '.join(bad)}{more}")
