"""What a network knows of places beside what it learns; NumPy alone, for every form of a network."""

import numpy as np


def sinusoids(positions: int, size: int) -> np.ndarray:
    """[positions, size] float32: waves of sinking frequency, sine in even columns and cosine in odd ones.

    Vaswani et al. 2017, section 3.5, in the form of tensor2tensor, fairseq and UER-py: of size / 2 frequencies the
    first is 1 and the last 1 / 10000, and the first token has position 2.
    """
    half = size // 2
    frequencies = np.exp(-np.log(10000) * np.arange(half) / (half - 1))  # [half], 1 falling to 1e-4 radians per token
    angles = np.outer(np.arange(positions) + 2, frequencies)  # [positions, half]
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(positions, size).astype(np.float32)


def buckets(distances: np.ndarray, both_ways: bool, count: int = 32, max_distance: int = 128) -> np.ndarray:
    """Of key - query: near distances have a bucket each, far ones share, the wider the farther, up to max_distance.

    With both_ways one half of the buckets is for keys behind the query; without, all of these are in bucket 0.
    """
    start = 0
    if both_ways:
        count //= 2  # one half each way; 32 become 16
        start, distances = count * (distances > 0), np.abs(distances)  # keys behind the query: the upper half
    else:
        distances = np.maximum(-distances, 0)
    exact = count // 2  # distances 0 .. exact - 1 have a bucket each
    # 0 at distance `exact`, count - exact at max_distance, in equal steps of the logarithm
    far = np.log(np.maximum(distances, 1) / exact) / np.log(max_distance / exact) * (count - exact)
    return start + np.where(distances < exact, distances, np.minimum(exact + far.astype(np.int64), count - 1))
