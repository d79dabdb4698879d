"""Weight files of all programs, told apart by what they hold and read without trust, tensor by tensor."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tasklab.content import open_regular
from tasklab.errors import CheckpointError, brief
from tasklab.gguf import MAGIC as GGUF_MAGIC
from tasklab.weights.containers.gguf_tensors import read_gguf_tensors
from tasklab.weights.containers.mindspore_file import read_mindspore
from tasklab.weights.containers.pickled import ForeignObject
from tasklab.weights.containers.sstable import MAGIC as BUNDLE_MAGIC
from tasklab.weights.containers.tensor_bundle import read_bundle
from tasklab.weights.containers.torch_file import LEGACY_START, read_legacy, read_zip
from tasklab.weights.files import lazy_safetensors, no_weights, read_index
from tasklab.weights.tensors import LazyTensor

DAMAGE = (
    OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError,
    StopIteration, RuntimeError, NotImplementedError, struct.error, zipfile.BadZipFile, pickle.UnpicklingError,
)  # fmt: skip
"""What a reader may meet in a file that is not what it says."""


MAX_NAME = 1000  # characters of a tensor's name


class Container(NamedTuple):
    title: str
    fits: Callable[[bytes, bytes], bool]  # of the first and the last 64 bytes
    read: Callable[[Path], dict[str, LazyTensor]]


def open_weights(path) -> tuple[str, dict[str, LazyTensor]]:
    """(what the file is, name -> tensor under the file's own names), of one file or of all that an index lists.

    Values are read, and checked against the file's checksums, when they are asked for.
    Raises: CheckpointError with the file, for anything that is not a whole, well-formed file of a known kind.
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(64)
            file.seek(max(0, size - 64))
            tail = file.read(64)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    kind = next((container for container in CONTAINERS if container.fits(head, tail)), None)
    if kind is None:
        raise CheckpointError(_unknown(path, head, size))
    with _damage(path, kind.title):
        tensors = kind.read(path)
        if any(len(name) > MAX_NAME for name in tensors):
            raise ValueError(f"a tensor's name of more than {MAX_NAME} characters")
    return kind.title, {name: _guarded(tensor, path, kind.title) for name, tensor in tensors.items()}


@contextlib.contextmanager
def _damage(path: Path, title: str):
    try:
        yield
    except ForeignObject as error:
        raise CheckpointError(
            f"{path}: holds objects besides tensors ({error}); where it was made, save the tensors alone: "
            "torch.save(model.state_dict(), 'pytorch_model.bin')"
        ) from error
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"{path}: not a whole, sound {title} ({reason[:300]}); copy or fetch it again") from error


def _guarded(tensor: LazyTensor, path: Path, title: str) -> LazyTensor:
    def guarded(read):
        def read_or_tell(*rows):
            with _damage(path, title):
                return read(*rows)

        return read_or_tell

    return replace(tensor, read=guarded(tensor.read), part=tensor.part and guarded(tensor.part))


def _read_shards(index: Path) -> dict[str, LazyTensor]:
    weight_map = read_index(index)
    tensors: dict = {}
    for shard in sorted(set(weight_map.values())):
        with open_regular(index.parent / shard) as file:  # a list that names lists, or itself, would have no end
            if file.read(64).lstrip().startswith(b"{"):
                raise ValueError(f"{brief(shard)}, which it lists, is such a list itself")
        tensors.update(open_weights(index.parent / shard)[1])
    lost = sorted(weight_map.keys() - tensors.keys())
    if lost:
        first = ", ".join(name[:60] for name in lost[:5])
        raise CheckpointError(f"{index}: lists {len(lost)} tensors that its files do not hold: {first}")
    return tensors


def _is_safetensors(head: bytes, tail: bytes) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 62


CONTAINERS = (
    Container("safetensors file", _is_safetensors, lazy_safetensors),
    Container("PyTorch file", lambda head, tail: head.startswith(b"PK\x03\x04"), read_zip),
    Container("PyTorch file of the old kind", lambda head, tail: head.startswith(LEGACY_START), read_legacy),
    Container("GGUF file", lambda head, tail: head.startswith(GGUF_MAGIC), read_gguf_tensors),
    Container("TensorFlow checkpoint index", lambda head, tail: tail.endswith(BUNDLE_MAGIC), read_bundle),
    Container("index of weight files", lambda head, tail: head.lstrip().startswith(b"{"), _read_shards),
    Container("MindSpore checkpoint", lambda head, tail: head.startswith(b"\n"), read_mindspore),
)


def _unknown(path: Path, head: bytes, size: int) -> str:
    readable = "safetensors, PyTorch (.bin, .pt), GGUF, MindSpore (.ckpt) and TensorFlow (.index) files are"
    if message := no_weights(path, head, size):
        return message
    if head.startswith(b"\x89HDF"):
        return f"{path}: an HDF5 file, which is not read; {readable}"
    if head.startswith(b"\x80"):
        return f"{path}: a pickle that torch.save did not write, so it is not opened; {readable}"
    return f"{path}: no known kind of weight file, or damaged at its start; {readable}"
