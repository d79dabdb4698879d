"""By which angle a head's pairs turn at each place (Su et al. 2021); NumPy alone, for every form of a network."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RopeScaling:
    """Llama 3.1's stretch of slow frequencies (transformers' rope_type llama3): those with less than `low` turns in
    `original` tokens are divided by `factor`, those with more than `high` are kept, between them it changes by degrees.
    """

    factor: float
    low: float = 1.0
    high: float = 4.0
    original: int = 8192

    def __post_init__(self):
        if not self.low < self.high:
            raise ValueError(f"low is {self.low} turns, high {self.high}; expected less than that")

    def __call__(self, frequencies: np.ndarray) -> np.ndarray:
        turns = self.original * frequencies / (2 * np.pi)
        kept = np.clip((turns - self.low) / (self.high - self.low), 0, 1)
        return frequencies * (kept + (1 - kept) / self.factor)


def rotary_tables(
    positions: int, head_size: int, theta: float = 10000.0, scaling: RopeScaling | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, each [positions, head_size / 2] float32; value i of a head turns with value i + head_size / 2.

    The angles are float64, so that far places are as exact as near ones.
    """
    frequencies = theta ** (-np.arange(0, head_size, 2) / head_size)  # radians per token
    angles = np.outer(np.arange(positions), frequencies if scaling is None else scaling(frequencies))
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
