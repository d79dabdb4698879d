"""Cells that tell how well two texts match."""

import math

from tasklab.data.files.problems import shortened
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.errors import DataError


class MatchLabels:
    """Reads labels as numbers from 0 to 1.

    Args:
        column: for messages.   graded: whether what lies between 0 and 1 is a label too.
    """

    def __init__(self, column: str, data: MatchingDataConfig, graded: bool):
        self.column, self.names, self.graded = column, data.label_names, graded
        self.low, self.high = data.score_range or (0.0, 1.0)
        self.ranged = data.score_range is not None

    def read(self, value, place: str) -> float:
        """Raises: DataError for what is no label, with the remedy."""
        name = str(value).strip()
        number = _number(self.names.get(name, name))
        if number is None:
            raise DataError(f"{place}: {self.column!r} is {shortened(name)}, expected {self._range}; {self._renamed}")
        if not self.low <= number <= self.high:
            remedy = "correct it, or data.score_range"
            if not self.ranged:
                remedy = "say what labels run from and to, such as data.score_range=[0,5]"
            raise DataError(f"{place}: {self.column!r} is {name}, expected {self._range}; {remedy}")
        label = (number - self.low) / (self.high - self.low)
        if not self.graded and label not in (0.0, 1.0):
            reason = "this loss learns from 0 and 1 alone"
            raise DataError(f"{place}: {self.column!r} is {name}; {reason}: take loss.matching=cosent for scores")
        return label

    @property
    def _range(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}" if self.ranged else "0 (no match) or 1 (a match)"

    @property
    def _renamed(self) -> str:
        if self.names:
            return f"data.label_names knows {', '.join(self.names)}"
        return "say what its names stand for, such as data.label_names={entailment: 1, contradiction: 0}"


def _number(value) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
