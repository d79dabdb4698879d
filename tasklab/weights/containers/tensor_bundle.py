"""TensorFlow checkpoints of version 2 (Google's BERT and ALBERT): an index, and the bytes of all tensors beside it.

Source: tensorflow/core/util/tensor_bundle/tensor_bundle.h and protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from tasklab.content import read_content
from tasklab.errors import CheckpointError, brief
from tasklab.weights.containers.protobuf import FIXED32, bytes_field, encoded_varint, fields, number_field
from tasklab.weights.containers.sstable import masked_crc, read_table, write_table
from tasklab.weights.tensors import LazyTensor, storable, stored_size, stored_tensor

MAX_INDEX = 64 << 20  # bytes
TYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64", 10: "bool",
    14: "bfloat16", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
_NUMBERS = {np.dtype(stored): number for number, stored in TYPES.items() if stored != "bfloat16"}
_STRING = 7


def read_bundle(index: Path) -> dict[str, LazyTensor]:
    """The tensors that `<prefix>.index` lists; text is left out. Each is checked against its checksum when read."""
    rows = read_table(read_content(index, MAX_INDEX))
    key, header = next(rows)
    facts = {field.number: field.value for field in fields(header)}
    if key != b"" or facts.get(2):
        raise ValueError("no header, or written on a big-endian machine")
    tensors = {}
    for key, value in rows:
        entry = _entry(value)
        if entry["type"] != _STRING:
            tensors[key.decode()] = _tensor(index, key.decode(), entry, facts.get(1, 0))
    return tensors


def _entry(value: bytes) -> dict:
    """BundleEntryProto."""
    entry = {"type": 0, "shape": [], "shard": 0, "offset": 0, "size": 0, "crc": 0}
    names = {1: "type", 3: "shard", 4: "offset", 5: "size", 6: "crc"}
    for field in fields(value):
        if field.number == 2:  # TensorShapeProto {repeated Dim dim = 2}, Dim {size = 1}
            dims = [dim for dim in fields(value, field.start, field.end) if dim.number == 2]
            entry["shape"] = [next((f.value for f in fields(value, d.start, d.end) if f.number == 1), 0) for d in dims]
        elif field.number == 7:
            raise ValueError("a partitioned variable")
        elif field.number in names:
            entry[names[field.number]] = field.value
    return entry


def _tensor(index: Path, name: str, entry: dict, shards: int) -> LazyTensor:
    stored, shape = TYPES.get(entry["type"]), tuple(entry["shape"])
    if stored is None or stored_size(shape, stored) != entry["size"] or entry["shard"] >= shards:
        raise ValueError(f"tensor {brief(name)}: type {entry['type']}, shape {list(shape)}, {entry['size']} bytes")
    data = index.with_name(f"{index.name.removesuffix('.index')}.data-{entry['shard']:05}-of-{shards:05}")
    if not data.is_file() or data.stat().st_size < entry["offset"] + entry["size"]:
        raise CheckpointError(f"{data}: missing or cut short; {index.name} lists what it holds. Fetch it again")

    def read():
        content = np.fromfile(data, np.uint8, entry["size"], offset=entry["offset"])
        if masked_crc(content.data) != entry["crc"]:
            raise CheckpointError(f"{data}: damaged (the checksum of {brief(name)} does not fit); fetch it again")
        return content

    return stored_tensor(shape, stored, read)


def bundle_files(prefix: str, tensors: dict) -> dict:
    """Content for `write_folder`, which goes by name: first the data file, then `<prefix>.index`, known by then."""
    data = _Data(tensors)
    return {f"{prefix}.data-00000-of-00001": data, f"{prefix}.index": lambda path: path.write_bytes(data.index)}


class _Data:
    """Writes the tensors, in the order of their names, and the index of what it wrote."""

    def __init__(self, tensors: dict):
        ordered = {name: tensors[name] for name in sorted(tensors, key=str.encode)}
        self.tensors = storable(ordered, _NUMBERS, "a TensorFlow checkpoint")
        self.nbytes = sum(tensor.nbytes for tensor in self.tensors.values())
        self.index = b""

    def __call__(self, path) -> None:
        rows = {b"": number_field(1, 1) + bytes_field(3, number_field(1, 1))}  # one shard; the version TensorFlow asks
        offset = 0
        with open(path, "wb") as file:
            for name, tensor in self.tensors.items():
                content = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8)
                file.write(content.data)
                shape = b"".join(bytes_field(2, number_field(1, size)) for size in tensor.shape)
                numbers = number_field(4, offset) + number_field(5, content.size)
                crc = encoded_varint(6 << 3 | FIXED32) + struct.pack("<I", masked_crc(content.data))
                rows[name.encode()] = (
                    number_field(1, _NUMBERS[tensor.dtype]) + bytes_field(2, shape) + numbers + crc
                )
                offset += content.size
        self.index = write_table(rows)
