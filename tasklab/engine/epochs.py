"""What a training trains on, epoch by epoch."""

from typing import Protocol

import numpy as np

from tasklab.data.rows.protocol import Rows
from tasklab.engine.kept import Kept
from tasklab.runner import Runner


class Epochs(Kept, Protocol):
    """Gives every epoch its rows; its state is what a resume within an epoch needs to give the same ones again."""

    def rows(self, epoch: int, run: Runner) -> Rows:
        """The rows of an epoch, counted from 0. run: the network as it stands when the epoch begins, or is resumed."""


class Fixed:
    """Rows that were there before the training: the same ones every epoch, but for what a table draws anew."""

    name = "epochs"

    def __init__(self, table: Rows):
        self.table = table

    def rows(self, epoch: int, run: Runner) -> Rows:
        return self.table.of_epoch(epoch)

    def state(self) -> dict[str, np.ndarray]:
        return {}

    def load_state(self, tensors: dict[str, np.ndarray]): ...
