"""GGUF files, llama.cpp's: what they say of the model and its tokenizer, and where their tensors lie, without trust.

The reader of the `gguf` library makes an array of every string and believes every count.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

import numpy as np

from tasklab.content import open_regular
from tasklab.errors import CheckpointError, brief
from tasklab.gguf.layout import ARRAY, MAGIC, SCALARS, TEXT, VERSIONS
from tasklab.gguf.tensors import GGUFTensor, UnreadFile, kind_of, nbytes, tensor_at

MAX_HEADER = 64 << 20  # bytes in front of the tensors; a vocabulary of 262,144 tokens with its merges takes 12
MAX_KEYS, MAX_TENSORS, MAX_ITEMS = 10_000, 100_000, 1 << 21  # MAX_ITEMS: of all arrays together
MAX_NAME, MAX_TEXT = 1000, 1 << 22  # bytes
MAX_DEPTH = 4  # arrays in one another
MAX_DIMENSIONS = 4  # ggml's


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
    except UnreadFile as error:
        raise CheckpointError(f"{path}: a GGUF file that is not read: {error}") from error
    except ValueError as error:
        raise CheckpointError(f"{path}: not a whole, sound GGUF file ({error}); copy or fetch it again") from error


class _Header:
    """Goes through the file from its start; `left` bytes may still be taken."""

    def __init__(self, file, size: int):
        self.file, self.size, self.left, self.items = file, size, min(size, MAX_HEADER), MAX_ITEMS
        if (start := self.take(4)) != MAGIC:
            raise ValueError(f"it begins with {brief(start)}, expected {MAGIC!r}")
        version = self.number("I")
        if version & 0xFFFF == 0:
            raise UnreadFile("its numbers are big-endian; expected little-endian: convert it where it was made")
        if version not in VERSIONS:
            versions = " and ".join(map(str, VERSIONS))
            raise UnreadFile(f"version {version}; known are {versions}: convert it anew with llama.cpp of today")
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
        if kind == TEXT:
            return self.text()
        if kind == ARRAY:
            return self.array(depth + 1)
        if kind not in SCALARS:
            raise ValueError(f"a value of kind {kind}, expected 0 to 12")
        return self.number(SCALARS[kind])

    def array(self, depth: int) -> list:
        kind = self.number("I")
        count = self.count("Q", self.items, "items of arrays")
        self.items -= count
        if depth > MAX_DEPTH:
            raise ValueError(f"arrays lie in one another more than {MAX_DEPTH} deep")
        if kind in SCALARS:
            layout = np.dtype("<" + SCALARS[kind]) if kind != 7 else np.dtype(bool)
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
            tensors[name] = tensor_at(path, shape, kind, start + offset, count)
        return {row[0]: tensors[row[0]] for row in rows}

    def described(self) -> tuple[str, tuple[int, ...], str, int]:
        """(name, shape, kind, offset behind the header) of the next tensor."""
        name = self.text(MAX_NAME)
        shape = [self.number("Q") for _ in range(self.count("I", MAX_DIMENSIONS, "dimensions of a tensor"))]
        kind = kind_of(self.number("I"), name)
        return name, tuple(reversed(shape)), kind, self.number("Q")
