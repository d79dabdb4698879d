"""Writes the zip that torch.load reads, without torch, tensor by tensor."""

from __future__ import annotations

import struct
import zipfile

import numpy as np

from tasklab.weights.containers.torch_file import STORAGES
from tasklab.weights.tensors import storable

_TYPES = {np.dtype(stored): storage for storage, stored in STORAGES.items() if stored != "bfloat16"}
_DATE = (1980, 1, 1, 0, 0, 0)  # the same tensors give the same bytes on any day


class TorchFile:
    """Content for `write_folder`: a dict of name -> tensor as torch.save stores it. nbytes: about the size."""

    def __init__(self, tensors: dict):
        self.tensors = storable(tensors, _TYPES, "a PyTorch file")
        self.nbytes = sum(tensor.nbytes for tensor in self.tensors.values())

    def __call__(self, path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as box:
            box.writestr(_record("data.pkl"), _pickled(self.tensors))
            box.writestr(_record("byteorder"), b"little")
            for number, tensor in enumerate(self.tensors.values()):
                with box.open(_record(f"data/{number}", tensor.nbytes), "w") as out:
                    out.write(np.ascontiguousarray(tensor).data.cast("B") if tensor.nbytes else b"")
            box.writestr(_record("version"), b"3\n")


def _record(name: str, size: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"archive/{name}", _DATE)
    info.file_size = size  # tells zipfile whether it takes the 64-bit form
    return info


def _pickled(tensors: dict) -> bytes:
    """Protocol 2 by hand: {name: torch._utils._rebuild_tensor_v2(storage, 0, shape, stride, False, OrderedDict())}."""
    items = []
    for number, (name, tensor) in enumerate(tensors.items()):
        size = int(np.prod(tensor.shape, dtype=np.int64))
        storage = b"".join((
            b"(", _text("storage"), _global("torch", _TYPES[tensor.dtype]), _text(str(number)), _text("cpu"),
            _number(size), b"tQ",
        ))  # fmt: skip
        strides = [int(np.prod(tensor.shape[axis + 1 :], dtype=np.int64)) for axis in range(len(tensor.shape))]
        hooks = _global("collections", "OrderedDict") + b")R"
        call = b"(" + storage + _number(0) + _tuple(tensor.shape) + _tuple(strides) + b"\x89" + hooks + b"tR"
        items.append(_text(name) + _global("torch._utils", "_rebuild_tensor_v2") + call)
    return b"\x80\x02}(" + b"".join(items) + b"u."


def _text(text: str) -> bytes:
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    if value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    return b"\x8a\x08" + struct.pack("<q", value)


def _tuple(values) -> bytes:
    return b"(" + b"".join(_number(value) for value in values) + b"t"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()
