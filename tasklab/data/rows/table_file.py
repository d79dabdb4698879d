"""Columns of encoded rows in one file: plain arrays with checksums (NumPy's .npz), nothing executable."""

import json
from collections.abc import Mapping

import numpy as np

from tasklab.content import parse_json
from tasklab.data.rows.ragged import Ragged

META = "meta"


def write_columns(
    path, ragged: Mapping[str, Ragged], dense: Mapping[str, np.ndarray], info: Mapping[str, int], sequences: int
):
    """Writes what `read_columns` reads."""
    arrays = {f"dense/{name}": column for name, column in dense.items()}
    shared: list[np.ndarray] = []  # columns of equal offsets store them once
    described = {}
    for name, column in ragged.items():
        arrays[f"ragged/{name}"] = column.values
        index = next((i for i, offsets in enumerate(shared) if np.array_equal(offsets, column.offsets)), None)
        if index is None:
            index = len(shared)
            shared.append(column.offsets)
            arrays[f"offsets/{index}"] = column.offsets
        described[name] = {"offsets": index, "axis": column.axis, "fill": int(column.fill)}
    counts = {key: int(value) for key, value in info.items()}
    meta = json.dumps({"ragged": described, "dense": list(dense), "info": counts, "parts": sequences})
    arrays[META] = np.frombuffer(meta.encode(), np.uint8)
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def read_columns(path) -> tuple[dict[str, Ragged], dict[str, np.ndarray], dict[str, int], int]:
    """Ragged columns, dense ones, info, sequences. Raises OSError, ValueError, KeyError or zipfile.BadZipFile when
    the file is damaged."""
    with np.load(path, allow_pickle=False) as file:
        meta = parse_json(file[META].tobytes(), META, ValueError)
        offsets = {i: file[f"offsets/{i}"] for i in {column["offsets"] for column in meta["ragged"].values()}}
        ragged = {
            name: Ragged(file[f"ragged/{name}"], offsets[column["offsets"]], column["axis"], column["fill"])
            for name, column in meta["ragged"].items()
        }
        dense = {name: file[f"dense/{name}"] for name in meta["dense"]}
    return ragged, dense, meta["info"], meta["parts"]
