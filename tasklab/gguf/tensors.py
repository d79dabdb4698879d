"""Tensors of a GGUF file: which of llama.cpp's kinds are read, their bytes in the file, and their values.

Of the `gguf` library we take the sizes and the values of quantised blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasklab.errors import brief

READ = (
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"
)  # fmt: skip
"""Kinds of tensors whose values we know, as llama.cpp calls them."""


@dataclass(frozen=True)
class GGUFTensor:
    """shape: as NumPy has it, rows first. kind: one of READ. read: the values as float32, dequantised now; of a matrix
    also those of a slice of its rows."""

    shape: tuple[int, ...]
    kind: str
    nbytes: int  # in the file
    read: Callable[..., np.ndarray]


class UnreadFile(Exception):
    """A file that may be sound, but is none for us."""


def kind_of(number: int, name: str) -> str:
    from gguf.constants import GGMLQuantizationType

    quant = next((kind.name for kind in GGMLQuantizationType if kind == number), None)
    if quant not in READ:
        text = f"the quantisation {quant}" if quant else f"a quantisation of number {number}, which nobody here knows"
        raise UnreadFile(
            f"tensor {brief(name)} has {text}; read are {', '.join(READ)}: take the model in one of these, or write it "
            "so with llama.cpp's llama-quantize"
        )
    return quant


def nbytes(shape: tuple[int, ...], kind: str, name: str = "") -> int:
    """Bytes of a tensor in the file. Raises: ValueError for a shape that its kind cannot have."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    if not shape or 0 in shape or shape[-1] % block:
        raise ValueError(f"tensor {brief(name)} has the shape {list(shape)}; {kind} has blocks of {block} values")
    return math.prod(shape) // block * size


def tensor_at(path, shape: tuple[int, ...], kind: str, offset: int, count: int) -> GGUFTensor:
    def read(rows: slice = slice(None)) -> np.ndarray:
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize

        total = shape[0] if len(shape) > 1 else 1  # a vector is one row: quantised blocks lie inside of one
        first, last, _ = rows.indices(total)
        size, row = max(0, last - first), count // total
        stored = np.fromfile(path, np.uint8, size * row, offset=offset + first * row)
        if len(stored) < size * row:
            raise ValueError("it became shorter since it was opened")
        with np.errstate(all="ignore"):  # scales of a damaged file may be no numbers
            values = dequantize(stored.reshape(-1, count // math.prod(shape[:-1])), GGMLQuantizationType[kind])
        return values.reshape(-1, *shape[1:])

    return GGUFTensor(shape, kind, count, read)
