"""The rows of a matrix whose products with a vector are largest, in C++ (src/search.cc); nothing here needs MindSpore.

Every product is summed in an order of its own row and query, so a score is the same bits alone and among others, and
equal scores stand by their rows: no result depends on the threads.
"""

import ctypes

import numpy as np

from tasklab.kernels import build

LARGEST = 127
"""Of a row's bytes."""


def as_bytes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[N, D] -> (int8 [N, D], scales [N] float32): a row is about its bytes times its scale."""
    scales = (np.abs(vectors).max(axis=1, initial=0) / LARGEST).astype(np.float32)  # [N]
    return np.rint(vectors / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8), scales


def largest_products(vectors: np.ndarray, queries: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """vectors [N, D] float32, mapped or in memory, queries [Q, D] -> (scores [Q, top] falling, rows [Q, top] int64).

    Rows are -1 where there are fewer, as when scores are no numbers. Raises: RuntimeError without a library,
    MemoryError.
    """
    queries, scores, rows = _arguments(vectors, queries, top)
    if _library().tasklab_search(
        _pointer(vectors), *vectors.shape, _pointer(queries), len(queries), top, _pointer(scores), _pointer(rows)
    ):
        raise MemoryError(f"no memory for the best {top} of {len(vectors)} vectors")
    return scores, rows


def largest_products_of_bytes(
    levels: np.ndarray, scales: np.ndarray, vectors: np.ndarray, queries: np.ndarray, candidates: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `largest_products` among the rows that are the best `candidates` by `as_bytes`, levels and scales."""
    queries, scores, rows = _arguments(vectors, queries, top)
    if levels.shape != vectors.shape or levels.dtype != np.int8 or not levels.flags.c_contiguous:
        raise ValueError(f"bytes are {levels.dtype} {levels.shape}; expected int8 {vectors.shape}")
    scales = np.ascontiguousarray(scales, np.float32)
    if _library().tasklab_search_bytes(
        _pointer(levels), _pointer(scales), _pointer(vectors), *vectors.shape, _pointer(queries), len(queries),
        max(candidates, top), top, _pointer(scores), _pointer(rows),
    ):  # fmt: skip
        raise MemoryError(f"no memory for the best {candidates} of {len(vectors)} vectors")
    return scores, rows


def _arguments(vectors: np.ndarray, queries: np.ndarray, top: int):
    queries = np.ascontiguousarray(queries, np.float32)
    if vectors.ndim != 2 or vectors.dtype != np.float32 or not vectors.flags.c_contiguous:
        raise ValueError(f"vectors are {vectors.dtype} {vectors.shape}; expected float32 [N, D] in one piece")
    if queries.ndim != 2 or queries.shape[1] != vectors.shape[1] or top < 1:
        raise ValueError(f"queries are {queries.shape}, top is {top}; expected [Q, {vectors.shape[1]}] and at least 1")
    return queries, np.empty((len(queries), top), np.float32), np.empty((len(queries), top), np.int64)


def _library() -> ctypes.CDLL:
    library = build.library()
    if library is None:
        raise RuntimeError(build.why_not())
    number, address = ctypes.c_int64, ctypes.c_void_p
    for name, arguments in (
        ("search", [address, number, number, address, number, number, address, address]),
        ("search_bytes", [*[address] * 3, number, number, address, number, number, number, address, address]),
    ):
        call = getattr(library, f"tasklab_{name}")
        call.restype, call.argtypes = ctypes.c_int, arguments
    return library


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
