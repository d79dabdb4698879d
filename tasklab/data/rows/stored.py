"""Examples that lie encoded in a file of their own, such as the rows of a corpus: too many to be objects in memory."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np


class StoredExamples(Sequence):
    """What `Task.read` gives instead of a list when tokens lie on disk already: drawn by number, never cached again."""

    @abstractmethod
    def select(self, numbers: np.ndarray) -> "StoredExamples":
        """Those at `numbers` [n], in this order, still on disk."""
