"""GGUF files, llama.cpp's: what they say of the model and its tokenizer, and their tensors, read without trust.

Source: github.com/ggml-org/ggml, docs/gguf.md, versions 2 and 3. The reader of the `gguf` library makes an array of
every string and believes every count; of that library we take the sizes and the values of quantised blocks.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tasklab.content import open_regular
from tasklab.errors import CheckpointError, brief

MAGIC = b"GGUF"
VERSIONS = (2, 3)
READ = (
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"
)  # fmt: skip
"""Kinds of tensors whose values we know, as llama.cpp calls them."""
MAX_HEADER = 64 << 20  # bytes in front of the tensors; a vocabulary of 262,144 tokens with its merges takes 12
MAX_KEYS, MAX_TENSORS, MAX_ITEMS = 10_000, 100_000, 1 << 21  # MAX_ITEMS: of all arrays together
MAX_NAME, MAX_TEXT = 1000, 1 << 22  # bytes
MAX_DEPTH = 4  # arrays in one another
MAX_DIMENSIONS = 4  # ggml's
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9


@dataclass(frozen=True)
class GGUFTensor:
    """shape: as NumPy has it, rows first. kind: one of READ. read: the values as float32, dequantised now; of a matrix
    also those of a slice of its rows."""

    shape: tuple[int, ...]
    kind: str
    nbytes: int  # in the file
    read: Callable[..., np.ndarray]


class GGUFFile(NamedTuple):
    """metadata: key -> text, number, truth or list of these; the tokenizer's lists are among them."""

    metadata: dict
    tensors: dict[str, GGUFTensor]


def is_gguf(path) -> bool:
    """Whether a file begins as GGUF files do; False where there is none."""
    try:
        with open_regular(path) as file:
            return file.read(4) == MAGIC
    except (OSError, ValueError):
        return False


def read_gguf(path) -> GGUFFile:
    """What is in front of the tensors, in time and memory that no count in the file decides.

    Raises: CheckpointError with the file, what is wrong, what was expected and what to do.
    """
    try:
        with open_regular(path) as file:
            header = _Header(file, os.fstat(file.fileno()).st_size)
            metadata = header.metadata()
            return GGUFFile(metadata, header.tensors(path, metadata))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such file") from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    except _Strange as error:
        raise CheckpointError(f"{path}: a GGUF file that is not read: {error}") from error
    except ValueError as error:
        raise CheckpointError(f"{path}: not a whole, sound GGUF file ({error}); copy or fetch it again") from error


class _Strange(Exception):
    """A file that may be sound, but is none for us."""


class _Header:
    """Goes through the file from its start; `left` bytes may still be taken."""

    def __init__(self, file, size: int):
        self.file, self.size, self.left, self.items = file, size, min(size, MAX_HEADER), MAX_ITEMS
        if (start := self.take(4)) != MAGIC:
            raise ValueError(f"it begins with {brief(start)}, expected {MAGIC!r}")
        version = self.number("I")
        if version & 0xFFFF == 0:
            raise _Strange("its numbers are big-endian; expected little-endian: convert it where it was made")
        if version not in VERSIONS:
            versions = " and ".join(map(str, VERSIONS))
            raise _Strange(f"version {version}; known are {versions}: convert it anew with llama.cpp of today")
        self.tensor_count = self.count("Q", MAX_TENSORS, "tensors")
        self.key_count = self.count("Q", MAX_KEYS, "keys")

    def take(self, count: int) -> bytes:
        if count > self.left:
            why = "it ends too early" if self.size <= MAX_HEADER else f"a header of more than {MAX_HEADER} bytes"
            raise ValueError(f"{why}: {count} bytes are announced where {self.left} are left")
        self.left -= count
        content = self.file.read(count)
        if len(content) < count:
            raise ValueError("it became shorter while it was read")
        return content

    def number(self, code: str):
        layout = "<" + code
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def count(self, code: str, limit: int, what: str) -> int:
        number = self.number(code)
        if number > limit:
            raise ValueError(f"{number} {what} are announced, expected at most {limit}")
        return number

    def text(self, limit: int = MAX_TEXT) -> str:
        return self.take(self.count("Q", limit, "bytes of a text")).decode()

    def metadata(self) -> dict:
        metadata: dict = {}
        for _ in range(self.key_count):
            key = self.text(MAX_NAME)
            if key in metadata:
                raise ValueError(f"the key {brief(key)} is there twice")
            metadata[key] = self.value(self.number("I"), 0)
        return metadata

    def value(self, kind: int, depth: int):
        if kind == _TEXT:
            return self.text()
        if kind == _ARRAY:
            return self.array(depth + 1)
        if kind not in _SCALARS:
            raise ValueError(f"a value of kind {kind}, expected 0 to 12")
        return self.number(_SCALARS[kind])

    def array(self, depth: int) -> list:
        kind = self.number("I")
        count = self.count("Q", self.items, "items of arrays")
        self.items -= count
        if depth > MAX_DEPTH:
            raise ValueError(f"arrays lie in one another more than {MAX_DEPTH} deep")
        if kind in _SCALARS:
            layout = np.dtype("<" + _SCALARS[kind]) if kind != 7 else np.dtype(bool)
            return np.frombuffer(self.take(count * layout.itemsize), layout).tolist()
        return [self.value(kind, depth) for _ in range(count)]

    def tensors(self, path, metadata: dict) -> dict[str, GGUFTensor]:
        rows = [self.described() for _ in range(self.tensor_count)]
        alignment = metadata.get("general.alignment", 32)
        if type(alignment) is not int or not 0 < alignment <= 1 << 16:
            raise ValueError(f"general.alignment is {brief(alignment)}, expected a number such as 32")
        start = -(-self.file.tell() // alignment) * alignment
        end, tensors = 0, {}
        for name, shape, kind, offset in sorted(rows, key=lambda row: row[3]):
            count = nbytes(shape, kind, name)
            if offset < end:
                raise ValueError(f"tensor {brief(name)} lies in the place of another one")
            if (end := offset + count) > self.size - start:
                raise ValueError(f"tensor {brief(name)} needs {start + end} bytes of the file, which has {self.size}")
            if name in tensors:
                raise ValueError(f"the tensor {brief(name)} is there twice")
            tensors[name] = _tensor(path, shape, kind, start + offset, count)
        return {row[0]: tensors[row[0]] for row in rows}

    def described(self) -> tuple[str, tuple[int, ...], str, int]:
        """(name, shape, kind, offset behind the header) of the next tensor."""
        name = self.text(MAX_NAME)
        shape = [self.number("Q") for _ in range(self.count("I", MAX_DIMENSIONS, "dimensions of a tensor"))]
        kind = _kind(self.number("I"), name)
        return name, tuple(reversed(shape)), kind, self.number("Q")


def _kind(number: int, name: str) -> str:
    from gguf.constants import GGMLQuantizationType

    quant = next((kind.name for kind in GGMLQuantizationType if kind == number), None)
    if quant not in READ:
        text = f"the quantisation {quant}" if quant else f"a quantisation of number {number}, which nobody here knows"
        raise _Strange(
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


def _tensor(path, shape: tuple[int, ...], kind: str, offset: int, count: int) -> GGUFTensor:
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


def tokenizer_part(metadata: dict) -> bytes:
    """A GGUF file without tensors that says `metadata` alone: texts, truths, numbers, and lists of one kind of these.

    Numbers of lists lie in 32 bits, signed. Raises: ValueError for a value of another kind.
    """
    chunks = [struct.pack("<IQQ", VERSIONS[-1], 0, len(metadata))]
    for key, value in metadata.items():
        kind = _kind_of(value)
        chunks += [_text_bytes(key), struct.pack("<I", kind)]
        if kind == _ARRAY:
            inner = _kind_of(value[0]) if value else _TEXT
            chunks += [struct.pack("<IQ", inner, len(value)), *(_value_bytes(item, inner) for item in value)]
        else:
            chunks.append(_value_bytes(value, kind))
    return MAGIC + b"".join(chunks)


def _kind_of(value) -> int:
    for kind, number in ((bool, 7), (int, 5), (float, 6), (str, _TEXT), (list, _ARRAY)):
        if isinstance(value, kind):
            return number
    raise ValueError(f"{brief(value)} cannot be written into a GGUF file")


def _value_bytes(value, kind: int) -> bytes:
    return _text_bytes(value) if kind == _TEXT else struct.pack("<" + _SCALARS[kind], value)


def _text_bytes(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content
