"""What follows the weights as they are trained, step by step."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

import numpy as np

from tasklab.config import Config
from tasklab.data.rows.protocol import Rows
from tasklab.engine.average import WeightAverage
from tasklab.engine.fitted_head import FittedHead
from tasklab.engine.kept import Kept
from tasklab.engine.momentum import MomentumEncoder
from tasklab.engine.ranks import Ranks
from tasklab.engine.step import GradientStep
from tasklab.errors import ConfigError


class Follower(Kept, Protocol):
    """Told of every optimizer step; its state goes along in checkpoints and is asked for inside `in_place`."""

    def after_step(self, steps: int, batches: Sequence[dict[str, np.ndarray]]):
        """`steps` optimizer steps are done, the last one on these micro-batches of this rank, each by column."""

    def in_place(self) -> AbstractContextManager:
        """Inside, the network has the weights that are evaluated and saved: those of training, or better ones."""


def followers_of(step: GradientStep, config: Config, ranks: Ranks, rows: Rows) -> list[Follower]:
    """Those that the settings, the loss and the head ask for. rows: of the training.

    Raises: ConfigError for a queue where several ranks train, each of which would have one of its own.
    """
    followers: list[Follower] = []
    if (decay := config.optimizer.ema_decay) is not None:
        followers.append(WeightAverage(step.parameters, decay))
    if (queue := getattr(step.summed_loss.loss, "queue", None)) is not None:
        if ranks.count > 1:
            message = f"loss.queue_size {len(queue.filled)} is of one process, of which there are {ranks.count}"
            raise ConfigError(f"{message}; set it to 0")
        followers.append(MomentumEncoder(step.summed_loss.network, step.parameters, queue, step.compiles))
    if hasattr(getattr(step.summed_loss.network, "head", None), "fit"):  # the last: to the weights that others place
        followers.append(FittedHead(step.summed_loss.network, rows, config.train.batch_size, step.compiles))
    return followers


@contextmanager
def all_in_place(followers: Iterable[Follower]):
    with ExitStack() as stack:
        for follower in followers:
            stack.enter_context(follower.in_place())
        yield
