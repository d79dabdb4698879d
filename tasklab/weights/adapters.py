"""Adapters: a folder of what was trained beside weights that lie elsewhere, and how both become one model again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tasklab.digest import file_sha256, text_sha256
from tasklab.errors import CheckpointError, brief
from tasklab.weights.files import read_index
from tasklab.weights.folder import ADAPTER, json_bytes, read_json
from tasklab.weights.source import SHARDS, WeightSource, weights_in
from tasklab.weights.tensors import LazyTensor, together

FIRST, SECOND = ".lora.a", ".lora.b"
"""Ends of the names of an adapter's matrices, behind that of the Dense whose weight they change."""


@dataclass(frozen=True)
class Beside:
    """base: name or path of the weights that stood still. sha256: of their files. scale: of what adapters add.

    left_out: the names of theirs that the network has no place for.
    """

    base: str
    sha256: str
    scale: float
    left_out: list[str]

    def to_json(self) -> bytes:
        return json_bytes(asdict(self))


def beside(source: WeightSource, named: bool, scale: float, left_out) -> Beside:
    """What a folder has to say whose adapters were trained beside `source`; named: by a name that is found again."""
    path = source.folder if weights_in(source.folder) == source.file else source.file
    return Beside(source.name if named else str(path.absolute()), digest_of(source), scale, sorted(left_out))


def adapters_in(folder: Path) -> Beside | None:
    """What the folder says of its adapters; None where it holds a whole model. Raises: CheckpointError."""
    path = folder / ADAPTER
    if not path.is_file():
        return None
    record = read_json(path)
    kinds = {"base": str, "sha256": str, "scale": float, "left_out": list}
    if not isinstance(record, dict) or {key: type(value) for key, value in record.items()} != kinds:
        raise CheckpointError(f"{path}: not what tasklab says of adapters ({brief(record)}); copy the folder again")
    return Beside(**record)


def digest_of(source: WeightSource) -> str:
    """Of every file that makes up the weights."""
    files = [source.file]
    if source.file.name.endswith(SHARDS):
        files += sorted({source.folder / shard for shard in read_index(source.file).values()})
    if (source.folder / ADAPTER).is_file():
        files.append(source.folder / ADAPTER)
    digests = [file_sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else text_sha256("\n".join(digests))


def merged(base: dict[str, LazyTensor], own: dict[str, LazyTensor], scale: float) -> dict[str, LazyTensor]:
    """One model of both: W + scale B A wherever there is an adapter. Raises: CheckpointError for one without its W."""
    whole = base | {name: tensor for name, tensor in own.items() if not name.endswith((FIRST, SECOND))}
    for name in own:
        if name.endswith(FIRST):
            place = name.removesuffix(FIRST)
            matrices = whole.get(f"{place}.weight"), own.get(place + SECOND), own[name]
            if None in matrices or matrices[0].shape != (matrices[1].shape[0], matrices[2].shape[1]):
                raise CheckpointError(f"the adapter {place} fits no weight of its base; copy both again")
            whole[f"{place}.weight"] = together(list(matrices), 1, lambda w, b, a: _sum(w, b, a, scale))[0]
    return whole


def _sum(weight: np.ndarray, second: np.ndarray, first: np.ndarray, scale: float) -> np.ndarray:
    return weight + np.float32(scale) * (second @ first)
