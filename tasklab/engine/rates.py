"""Rates by name: parts of a network that learn faster or slower than the rest, or stand still."""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tasklab.config import OptimizerConfig
from tasklab.engine.layer_decay import lr_scales
from tasklab.errors import ConfigError
from tasklab.nn.naming import named
from tasklab.weights.ledger import by_module

if TYPE_CHECKING:
    from mindspore import nn

logger = logging.getLogger("tasklab")


def freeze(network: "nn.Cell", rates: dict[str, float]):
    """Makes the weights stand still whose rate is 0, and tells how many do, with those that stood still before.

    They get no gradient, no moments and no step. A cell whose kernel computes gradients of weights is told by its
    method `leave_out_frozen`.
    Raises: ConfigError for a part that names no weight that is trained, or when none is left.
    """
    trained = {name: p for name, p in network.parameters_and_names() if p.requires_grad}
    for part in rates:
        if not any(named(part, name) for name in trained):
            raise ConfigError(
                f"optimizer.rates: {part} is no part of what is trained; parts are words of the names of its weights "
                f"between dots, such as {by_module(trained)}"
            )
    for name, parameter in trained.items():
        parameter.requires_grad = _factor(name, rates) > 0
    if not any(p.requires_grad for p in trained.values()):
        raise ConfigError("optimizer.rates leaves nothing to train: every weight has the rate 0")
    for _, cell in network.cells_and_names():
        if hasattr(cell, "leave_out_frozen"):
            cell.leave_out_frozen()
    _tell(network)


def rate_factors(names: Sequence[str], config: OptimizerConfig) -> list[float]:
    """Factor on the learning rate of each parameter, by its name: of optimizer.layer_decay and optimizer.rates."""
    scales = lr_scales(names, config.layer_decay)
    return [scale * _factor(name, config.rates) for name, scale in zip(names, scales, strict=True)]


def _factor(name: str, rates: dict[str, float]) -> float:
    """The rate of the part with the most words that names this weight."""
    fitting = [part for part in rates if named(part, name)]
    return rates[max(fitting, key=lambda part: part.count("."))] if fitting else 1.0


def _tell(network: "nn.Cell"):
    every = [(name, p.requires_grad, p.size) for name, p in network.parameters_and_names()]
    still = [name for name, learns, _ in every if not learns]
    if still:
        count, total = _sum(every), sum(size for *_, size in every)
        logger.info(
            "trained: %s of %s numbers (%.2f %%); %d weights stand still: %s", f"{count:,}", f"{total:,}",
            100 * count / total, len(still), by_module(still),
        )  # fmt: skip


def _sum(every: Iterable) -> int:
    return sum(size for _, learns, size in every if learns)
