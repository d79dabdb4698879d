"""safetensors files, read and written without trust: sizes before contents, and no value that is not finite."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np

from tasklab.content import open_regular, parse_json, read_json
from tasklab.errors import CheckpointError, brief
from tasklab.weights.sums import plain_name
from tasklab.weights.tensors import BFLOAT16, MAX_DIMENSIONS, LazyTensor, check_finite, storable, stored_tensor

MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors library
DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": BFLOAT16, "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


class TensorFile:
    """Content for `write_folder`: a safetensors file of name -> array, streamed tensor by tensor.

    The bytes depend on names, shapes, types and values only. metadata: texts for other programs.
    nbytes: the size of the file.
    Source: the format as github.com/huggingface/safetensors describes it; wide types first, so that all are aligned.
    """

    def __init__(self, tensors: dict, metadata: dict[str, str] | None = None):
        names = {np.dtype(stored): name for name, stored in DTYPES.items() if stored != BFLOAT16}
        named = storable(tensors, names, "safetensors")
        self.tensors = dict(sorted(named.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])))
        header, offset = {"__metadata__": metadata} if metadata else {}, 0
        for name, array in self.tensors.items():
            header[name] = {
                "dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]
            }  # fmt: skip
            offset += array.nbytes
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        self.head = text + b" " * (-len(text) % 8)
        self.nbytes = 8 + len(self.head) + offset

    def __call__(self, path) -> None:
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(self.head)))
            file.write(self.head)
            for array in self.tensors.values():
                file.write(np.ascontiguousarray(array).data if array.nbytes else b"")


def read_safetensors(path, finite: bool = True) -> dict[str, np.ndarray]:
    """name -> array of one safetensors file; bfloat16 comes as float32.

    finite: refuse NaN and infinity.
    Raises: CheckpointError with the file, for anything that is not a whole, well-formed file.
    """
    lazy_tensors = lazy_safetensors(path)
    try:
        tensors = {name: tensor.read() for name, tensor in lazy_tensors.items()}
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged safetensors file ({error}); copy or fetch it again") from error
    if finite:
        check_finite(path, tensors)
    return tensors


def lazy_safetensors(path) -> dict[str, LazyTensor]:
    """name -> tensor, each read when it is asked for. Raises: CheckpointError, as above."""
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    header = read_header(path)
    try:
        with safe_open(path, framework="numpy"):  # checks every size and offset
            pass
        with open(path, "rb") as file:
            start = 8 + struct.unpack("<Q", file.read(8))[0]
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged safetensors file ({error}); copy or fetch it again") from error
    for name, row in header.items():
        if row["dtype"] not in DTYPES:
            raise CheckpointError(f"{path}: tensor {brief(name)} has the type {brief(row['dtype'])}, which is not read")
    return {name: _lazy(path, start, row) for name, row in header.items()}


def _lazy(path: Path, start: int, row: dict) -> LazyTensor:
    first, end = row["data_offsets"]
    return stored_tensor(
        row["shape"], DTYPES[row["dtype"]], lambda: np.fromfile(path, np.uint8, end - first, offset=start + first)
    )


def read_header(path) -> dict[str, dict]:
    """name -> {dtype, shape, data_offsets}, without reading a tensor. Raises: CheckpointError, as above."""
    path = Path(path)
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(MAX_HEADER, size - 8):
                raise CheckpointError(_not_safetensors(path, start, size, length))
            header = parse_json(file.read(length), "its header", ValueError)
        header.pop("__metadata__", None)
        if not all(map(_is_row, header.values())):
            raise TypeError("a tensor without type, shape or place")
        end = max([row["data_offsets"][1] for row in header.values()], default=0)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such file") from error
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise CheckpointError(f"{path}: not a safetensors file (its header cannot be read: {error})") from error
    if 8 + length + end != size:
        raise CheckpointError(
            f"{path}: damaged: {size} bytes long, but its header describes {8 + length + end}; copy or fetch it again"
        )
    return header


def _is_row(row) -> bool:
    places = row["data_offsets"]
    whole = all(type(number) is int and 0 <= number < 1 << 62 for number in (*row["shape"], *places))
    return isinstance(row["dtype"], str) and len(row["shape"]) <= MAX_DIMENSIONS and len(places) == 2 and whole


def read_index(index) -> dict[str, str]:
    """name -> file beside the index. Raises: CheckpointError."""
    try:
        weight_map = read_json(index, CheckpointError)["weight_map"]
        return {name: plain_name(shard, index) for name, shard in weight_map.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{index}: not an index of safetensors files ({error!r:.200})") from error


def _not_safetensors(path: Path, start: bytes, size: int, length: int) -> str:
    if start.startswith(b"PK\x03\x04") or start[:1] == b"\x80":
        return f"{path}: a PyTorch pickle, not a safetensors file; save it with safe_serialization=True"
    announced = f"{path}: not a safetensors file, or cut short ({size} bytes, header of {length} bytes announced)"
    return no_weights(path, start, size) or announced


def no_weights(path: Path, start: bytes, size: int) -> str:
    """Why a file that begins so holds no weights at all, whatever its kind; '' where it may."""
    if start.startswith(b"version "):
        return f"{path}: a Git LFS pointer, not the weights; fetch the file itself (git lfs pull)"
    return f"{path}: {size} bytes long: empty or cut short; copy or fetch it again" if size < 10 else ""
