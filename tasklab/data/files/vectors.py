"""Vectors as files, written part by part: NumPy's arrays, JSON lines, tab-separated numbers."""

import zipfile
from collections.abc import Iterable
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from tasklab.errors import DataError
from tasklab.replacing import replacing

SUFFIXES = (".npy", ".npz", ".jsonl", ".tsv", ".json")
NUMBER = "%.9g"  # nine digits give every float32 back


def write_vectors(path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    """Writes chunks [n, D] float32, one below the other; the file is there whole or not at all.

    .npy one array [N, D]; .npz the same under the name `vectors`; .jsonl {"vector": [...]} per line; .tsv the D numbers
    of a vector per line, without a header; .json one list of N lists.
    Returns: N and D. Raises: DataError for another suffix.
    """
    path = Path(path)
    writers = dict(zip(SUFFIXES, (_npy, _npz, _jsonl, _tsv, _json), strict=True))
    if path.suffix not in writers:
        raise DataError(f"{path}: vectors are written as {', '.join(SUFFIXES)}; give the file one of these endings")
    with replacing(path) as aside:
        return writers[path.suffix](aside, chunks)


def _npy(path: Path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    count = size = 0
    with open(path, "wb") as file:
        for chunk in chunks:
            if not count:
                size = chunk.shape[1]
                _header(file, count, size)
            file.write(np.ascontiguousarray(chunk, np.dtype("<f4")).data)
            count += len(chunk)
        file.seek(0)
        _header(file, count, size)
    return count, size


def _header(file, count: int, size: int):
    """The header of an array [count, size]; NumPy leaves room in it, so that it is as long for any count."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (count, size)})


def _npz(path: Path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    array = path.with_name(path.name + ".npy")
    try:
        shape = _npy(array, chunks)
        with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
            archive.write(array, "vectors.npy")
    finally:
        array.unlink(missing_ok=True)
    return shape


def _jsonl(path: Path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    return _lines(path, chunks, lambda numbers: f'{{"vector": [{", ".join(numbers)}]}}\n')


def _tsv(path: Path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    return _lines(path, chunks, lambda numbers: "\t".join(numbers) + "\n")


def _json(path: Path, chunks: Iterable[np.ndarray]) -> tuple[int, int]:
    begin = chain(["["], repeat(",\n"))
    shape = _lines(path, chunks, lambda numbers: f"{next(begin)}[{', '.join(numbers)}]")
    with open(path, "a", encoding="utf-8") as file:
        file.write("]\n" if shape[0] else "[]\n")
    return shape


def _lines(path: Path, chunks: Iterable[np.ndarray], line) -> tuple[int, int]:
    count = size = 0
    with open(path, "w", encoding="utf-8") as file:
        for chunk in chunks:
            count, size = count + len(chunk), chunk.shape[1]
            file.writelines(line([NUMBER % value for value in row]) for row in chunk.tolist())
    return count, size
