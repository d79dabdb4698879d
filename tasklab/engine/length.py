"""How long a run is, and how its evaluations are spread, by its settings and the steps of an epoch."""

import math
from typing import NamedTuple

from tasklab.config import TrainConfig

EVALUATIONS = 10
"""Those of a run whose epochs were raised, where its recipe names no more epochs: each one writes a checkpoint too."""


class Length(NamedTuple):
    """steps: of the optimizer.   epochs: begun ones.   between: epochs from one evaluation or saving to the next, where
    their strategy is `epoch`.   raised: train.min_steps made it longer than train.epochs."""

    steps: int
    epochs: int
    between: int = 1
    raised: bool = False


def length_of(train: TrainConfig, per_epoch: int) -> Length:
    """per_epoch: optimizer steps of an epoch."""
    if train.max_steps:
        return Length(train.max_steps, math.ceil(train.max_steps / per_epoch))
    epochs = math.ceil((train.min_steps or 0) / per_epoch)
    if epochs <= train.epochs:
        return Length(train.epochs * per_epoch, train.epochs)
    return Length(epochs * per_epoch, epochs, max(1, epochs // max(EVALUATIONS, train.epochs)), True)
