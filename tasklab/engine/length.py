"""How long a run is, and how its evaluations are spread, by its settings and the steps of an epoch."""

import math
from dataclasses import replace
from typing import NamedTuple

from tasklab.config import TrainConfig
from tasklab.errors import CheckpointError
from tasklab.runs.state import TrainerState

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


def lengthened(state: TrainerState, length: Length) -> TrainerState:
    """The state of a finished run that goes on to `length`: its patience and its schedule begin anew.

    Raises: CheckpointError when the run has made as many steps already.
    """
    if length.steps <= state.global_step:
        epochs = state.epoch + (state.step_in_epoch > 0)
        raise CheckpointError(
            f"the run has made {state.global_step} steps in {epochs} epochs, so it cannot go on to {length.steps}; "
            f"train.epochs counts those that are done too: give more than {epochs}"
        )
    return replace(
        state, total_steps=length.steps, schedule_start=state.global_step, evaluations_without_gain=0, finished=False
    )
