"""What an inspection of a data set finds: flaws with their first places, and how lengths are spread."""

from dataclasses import dataclass, field

import numpy as np

QUANTILES = (0, 50, 90, 99, 100)  # percent
PLACES = 5
"""Places shown per finding."""


@dataclass
class Finding:
    """Rows with one thing in common, and the first places."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, place: str):
        self.count += 1
        if len(self.first) < PLACES:
            self.first.append(place)


def quantiles(values) -> tuple:
    """The values at the percentiles of QUANTILES, each one that occurs."""
    return tuple(np.percentile(values, QUANTILES, method="nearest").tolist())
