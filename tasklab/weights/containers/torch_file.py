"""What torch.save writes, without torch: the zip of version 1.6 and later, and the stream of pickles before it.

Source: the layout as torch/serialization.py reads and writes it.
"""

from __future__ import annotations

import functools
import io
import math
import os
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasklab.errors import brief
from tasklab.weights.containers.pickled import checked_dict, load_pickle
from tasklab.weights.tensors import BFLOAT16, MAX_DIMENSIONS, LazyTensor, from_bytes, item_size

MAX_WORD = 16  # bytes of `byteorder`: little or big
MAX_SHARING = 64
"""How often the tensors together may show the numbers of the file: a flat buffer once, tied weights twice."""
MAX_PICKLE = 64 << 20  # bytes; the names and shapes of a 100-layer model take less than one million
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_START = b"\x80\x02\x8a\x0a" + LEGACY_MAGIC.to_bytes(10, "little")  # PROTO 2, LONG1 of ten bytes
STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip


class Storage(NamedTuple):
    """A run of numbers in the file, which tensors are views of."""

    stored: str
    key: str
    size: int

    @property
    def nbytes(self) -> int:
        return self.size * item_size(self.stored)


class View(NamedTuple):
    storage: Storage
    offset: int
    shape: tuple
    stride: tuple


def read_zip(path: Path) -> dict[str, LazyTensor]:
    """The tensors of a zip. Every byte is checked against the CRC-32 of its record when it is read."""
    box = zipfile.ZipFile(path)
    pickles = [name for name in box.namelist() if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        raise ValueError("no data.pkl in it, so torch.save did not write it")
    folder = pickles[0].removesuffix("data.pkl")
    content_of = _short_record(box, pickles[0], MAX_PICKLE)
    if folder + "byteorder" in box.namelist() and _short_record(box, folder + "byteorder", MAX_WORD) != b"little":
        raise ValueError("written on a big-endian machine")

    def content(storage: Storage) -> bytes:
        return box.read(f"{folder}data/{storage.key}")

    shared = functools.lru_cache(maxsize=1)(content)  # where many tensors are parts of one storage

    def tensor(view: View) -> LazyTensor:
        record, size = box.getinfo(f"{folder}data/{view.storage.key}"), view.storage.nbytes
        if record.compress_type != zipfile.ZIP_STORED or record.file_size != size:
            raise ValueError(f"record {record.filename} is compressed, or not {size} bytes long")
        return _tensor(view, content if math.prod(view.shape) == view.storage.size else shared)

    views = _views(load_pickle(io.BytesIO(content_of), _ALLOWED, _storage))
    return {name: tensor(view) for name, view in views.items()}


def _short_record(box: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The bytes of a record, which torch never compresses: unpacked, a short file can be of any length."""
    record = box.getinfo(name)
    if record.compress_type != zipfile.ZIP_STORED or record.file_size > limit:
        raise ValueError(f"record {name[-100:]} is compressed, or longer than {limit} bytes")
    return box.read(name)


def read_legacy(path: Path) -> dict[str, LazyTensor]:
    """The tensors of a stream: magic, version, machine, pickled views, keys, then length and numbers of each key."""
    with open(path, "rb") as file:
        head = io.BytesIO(file.read(MAX_PICKLE))
    magic, version, machine, saved, keys = (load_pickle(head, _ALLOWED, _storage) for _ in range(5))
    if magic != LEGACY_MAGIC or version != 1001 or not machine["little_endian"]:
        raise ValueError(f"protocol {brief(version)}, or a big-endian machine")
    views = _views(saved)
    storages = {view.storage.key: view.storage for view in views.values()}
    places, position, end = {}, head.tell(), os.path.getsize(path)
    with open(path, "rb") as file:
        for key in keys:
            if not isinstance(key, str):
                raise ValueError("a storage whose name is no text")
            file.seek(position)
            storage, announced = storages.get(key), int.from_bytes(file.read(8), "little")
            if storage is None or announced != storage.size:
                raise ValueError(f"storage {brief(key)} holds {announced} numbers, its tensors say otherwise")
            places[key] = position + 8
            position += 8 + storage.nbytes
    if position != end or storages.keys() != places.keys():
        raise ValueError(f"{end} bytes long, its tensors take {position}")

    def content(storage: Storage):
        return np.fromfile(path, np.uint8, storage.nbytes, offset=places[storage.key])

    return {name: _tensor(view, content) for name, view in views.items()}


def _storage(identity) -> Storage:
    """('storage', type, key, device, numel) and, in the stream, a view of another storage, which is not written now."""
    kind, storage_type, key, _, size, *rest = identity if isinstance(identity, tuple) else ()
    # compared by identity: a tuple of itself takes for ever to be hashed or shown
    stored = next((stored for candidate, stored in STORAGES_BY_TYPE if storage_type is candidate), None)
    if kind != "storage" or any(rest) or stored is None or not isinstance(key, str):
        raise ValueError(f"persistent id {brief(identity)}")
    return Storage(stored, key, _count(size))


def _views(saved) -> dict[str, View]:
    """name -> View: of the dict itself, or of the one it keeps its weights in."""
    for key in ("state_dict", "model_state_dict", "model", "module"):
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    views = {name: value for name, value in saved.items() if isinstance(value, View)} if isinstance(saved, dict) else {}
    if not views or not all(isinstance(name, str) for name in views):
        raise ValueError("no dict of named tensors in it")
    room = sum({view.storage.key: view.storage.size for view in views.values()}.values())
    if sum(math.prod(view.shape) for view in views.values()) > MAX_SHARING * room:
        raise ValueError(f"its tensors show the {room} numbers in it more than {MAX_SHARING} times")
    return views


def _view(storage, offset, shape, stride, *_) -> View:
    """torch._utils._rebuild_tensor: a view that does not reach beyond its storage, nor show a number twice."""
    if not isinstance(shape, tuple | list) or not isinstance(stride, tuple | list) or len(shape) > MAX_DIMENSIONS:
        raise ValueError("a tensor whose shape or strides are none")
    shape, stride = tuple(_count(size) for size in shape), tuple(_count(step) for step in stride)
    if not isinstance(storage, Storage) or len(shape) != len(stride):
        raise ValueError("a tensor without storage, or with a shape that does not fit its strides")
    last = _count(offset) + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
    if math.prod(shape) and (last >= storage.size or math.prod(shape) > storage.size):
        raise ValueError(f"a tensor of shape {list(shape)} in a storage of {storage.size} numbers")
    return View(storage, offset, shape, stride)


def _tensor(view: View, content) -> LazyTensor:
    storage = view.storage

    def read():
        flat = from_bytes(content(storage), storage.stored)
        if flat.size != storage.size:
            raise ValueError(f"storage {storage.key!r} holds {flat.size} numbers instead of {storage.size}")
        flat = flat[view.offset :]
        steps = [step * flat.itemsize for step in view.stride]
        view_of = np.lib.stride_tricks.as_strided(flat, view.shape, steps, writeable=False)
        return np.asarray(view_of, order="C")

    dtype = np.dtype(np.float32 if storage.stored == BFLOAT16 else storage.stored)
    return LazyTensor(view.shape, dtype, read, storage.stored)


def _count(value) -> int:
    if type(value) is not int or not 0 <= value < 1 << 48:
        raise ValueError(f"{brief(value)} is no size")
    return value


def _parameter(data, *_):
    return data


def _size(values) -> tuple:
    return tuple(values)


_ALLOWED = {
    "collections.OrderedDict": checked_dict,
    "torch.Size": _size,
    "torch._utils._rebuild_tensor": _view,
    "torch._utils._rebuild_tensor_v2": _view,
    "torch._utils._rebuild_parameter": _parameter,
    **{f"torch.{name}": object() for name in STORAGES},  # never called: only storage ids name them
}
STORAGES_BY_TYPE = [(_ALLOWED[f"torch.{name}"], stored) for name, stored in STORAGES.items()]
