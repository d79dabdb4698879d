"""Random bits that follow from a place alone: rows that change by epoch are the same ones when a training resumes."""

import functools

import numpy as np


def draw(seed: int, epoch: int, row: int, count: int) -> np.ndarray:
    """[count] random uint64 that depend on the three numbers alone, on any machine and with any version of NumPy."""
    return np.random.Philox(counter=[0, 0, row, 0], key=_key(seed, epoch)).random_raw(count)


@functools.lru_cache(maxsize=8)
def _key(seed: int, epoch: int) -> np.ndarray:
    return np.random.SeedSequence((seed, epoch)).generate_state(2, np.uint64)
