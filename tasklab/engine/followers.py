"""What follows the weights as they are trained, step by step."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from mindspore import Parameter

from tasklab.config import OptimizerConfig
from tasklab.engine.average import WeightAverage
from tasklab.engine.kept import Kept


class Follower(Kept, Protocol):
    """Told of every optimizer step; its state goes along in checkpoints and is asked for inside `in_place`."""

    def after_step(self, steps: int):
        """`steps` optimizer steps are done."""

    def in_place(self) -> AbstractContextManager:
        """Inside, the network has the weights that are evaluated and saved: those of training, or better ones."""


def followers_of(parameters: Sequence[Parameter], config: OptimizerConfig) -> list[Follower]:
    """Those that the settings ask for."""
    return [] if config.ema_decay is None else [WeightAverage(parameters, config.ema_decay)]


@contextmanager
def all_in_place(followers: Iterable[Follower]):
    with ExitStack() as stack:
        for follower in followers:
            stack.enter_context(follower.in_place())
        yield
