"""MindSpore's .ckpt without MindSpore, whose own reader takes seconds to import and reads the whole file at once.

Source: mindspore/ccsrc/utils/checkpoint.proto and train/serialization.py (save_checkpoint):
Checkpoint {repeated Value value = 1}, Value {tag = 1, tensor = 2}, TensorProto {dims = 1, type = 2, content = 3}.
"""

from __future__ import annotations

import binascii
import mmap
from pathlib import Path

import numpy as np

from tasklab.weights.containers.protobuf import BYTES, VARINT, bytes_field, bytes_head, fields, number_field, varint
from tasklab.weights.tensors import MAX_DIMENSIONS, LazyTensor, storable, stored_size, stored_tensor

TYPES = {
    "Float32": "float32", "Float64": "float64", "Float16": "float16", "BFloat16": "bfloat16", "Int64": "int64",
    "Int32": "int32", "Int16": "int16", "Int8": "int8", "UInt64": "uint64", "UInt32": "uint32", "UInt16": "uint16",
    "UInt8": "uint8", "Bool": "bool",
}  # fmt: skip
_NAMES = {np.dtype(stored): name for name, stored in TYPES.items() if stored != "bfloat16"}
_TRAILER = b"crc_num"  # save_checkpoint(crc_check=True): these seven bytes and the CRC-32 of all before, in ten bytes
_SLICE = 512 << 20  # bytes; save_checkpoint cuts a longer tensor into values of the same tag


def read_mindspore(path: Path) -> dict[str, LazyTensor]:
    """The tensors; strings such as the names of fused parameters are left out."""
    by_tag: dict[str, list] = {}
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        for value in fields(buffer, 0, _end(buffer)):
            if value.number != 1 or value.wire != BYTES:
                raise ValueError(f"field {value.number} beside the values")
            tag, shape, kind, content = _value(buffer, value)
            by_tag.setdefault(tag, []).append((shape, kind, content))
    return {tag: _tensor(path, tag, slices) for tag, slices in by_tag.items() if slices[0][1] != "str"}


def _end(buffer) -> int:
    """Where the values end: before the checksum, which is checked when there is one."""
    end = len(buffer) - 17
    if end < 0 or buffer[end : end + 7] != _TRAILER:
        return len(buffer)
    digest = 0
    for start in range(0, end, 1 << 22):
        digest = binascii.crc32(buffer[start : min(end, start + (1 << 22))], digest)
    if digest != int.from_bytes(buffer[end + 7 :], "big"):
        raise ValueError("its CRC-32 is not the one at its end")
    return end


def _value(buffer, value) -> tuple:
    """(tag, shape, type, (start, end) of the content)."""
    inner = {field.number: field for field in fields(buffer, value.start, value.end)}
    if 2 not in inner:
        raise ValueError("a value that is no tensor (a map parameter, or an encrypted file)")
    tag, tensor = inner[1], inner[2]
    shape, kind, content = [], "", (0, 0)
    for field in fields(buffer, tensor.start, tensor.end):
        if field.number == 1 and field.wire == VARINT:
            shape.append(field.value)
        elif field.number == 1:  # packed
            place = field.start
            while place < field.end:
                size, place = varint(buffer, place, field.end)
                shape.append(size)
        elif field.number == 2:
            kind = buffer[field.start : field.end].decode()
        elif field.number == 3:
            content = (field.start, field.end)
    return buffer[tag.start : tag.end].decode(), tuple(shape), kind, content


def _tensor(path: Path, tag: str, slices: list) -> LazyTensor:
    shape, kind, _ = slices[0]
    if kind not in TYPES or any(one[:2] != (shape, kind) for one in slices):
        raise ValueError(f"tensor {tag[:60]!r} has the type {kind[:60]!r}, expected one of {', '.join(TYPES)}")
    places = [content for _, _, content in slices]
    size = sum(end - start for start, end in places)
    if len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"tensor {tag[:60]!r} has {len(shape)} dimensions")
    shape = () if shape == (0,) and size else shape  # MindSpore's way to write a scalar
    if size != stored_size(shape, TYPES[kind]):
        raise ValueError(f"tensor {tag[:60]!r} of shape {list(shape)} and type {kind} takes {size} bytes")

    def read():
        pieces = [np.fromfile(path, np.uint8, end - start, offset=start) for start, end in places]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    return stored_tensor(shape, TYPES[kind], read)


class MindSporeFile:
    """Content for `write_folder`: name -> tensor as save_checkpoint stores it. nbytes: about the size."""

    def __init__(self, tensors: dict):
        self.tensors = storable(tensors, _NAMES, "a MindSpore checkpoint")
        self.nbytes = sum(tensor.nbytes for tensor in self.tensors.values())

    def __call__(self, path) -> None:
        with open(path, "wb") as file:
            for name, tensor in self.tensors.items():
                tag, kind = bytes_field(1, name.encode()), bytes_field(2, _NAMES[tensor.dtype].encode())
                dims = b"".join(number_field(1, size) for size in tensor.shape or (0,))
                content = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8)
                for start in range(0, max(1, content.size), _SLICE):
                    piece = content[start : start + _SLICE]
                    middle = dims + kind + bytes_head(3, piece.size)
                    inner = tag + bytes_head(2, len(middle) + piece.size) + middle
                    file.write(bytes_head(1, len(inner) + piece.size) + inner)
                    file.write(piece.data)
