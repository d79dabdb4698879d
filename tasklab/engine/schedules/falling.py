"""Rates that fall to lr_end at the last step. `progress` runs from 0 at the end of the warm-up to 1 there."""

import math
from collections.abc import Callable

from tasklab.config import ScheduleConfig
from tasklab.config.registries import WARMUP, schedule


def falling(name: str, *settings: str) -> Callable:
    """Files a fall (progress, config, floor) -> factor."""

    def file(fall):
        @schedule(name, *WARMUP, "lr_end", *settings)
        def shape(step: int, warmup: int, total: int, config: ScheduleConfig, floor: float) -> float:
            return fall(min(1.0, (step - warmup) / max(1, total - warmup)), config, floor)

        return shape

    return file


@falling("linear")
def linear(progress: float, config: ScheduleConfig, floor: float) -> float:
    return max(floor, 1.0 - progress)


@falling("cosine", "num_cycles")
def cosine(progress: float, config: ScheduleConfig, floor: float) -> float:
    return max(floor, 0.5 * (1.0 + math.cos(math.pi * 2.0 * config.num_cycles * progress)))


@falling("cosine_with_restarts", "num_cycles")
def cosine_with_restarts(progress: float, config: ScheduleConfig, floor: float) -> float:
    """At least one cycle: the default of num_cycles is cosine's."""
    if progress >= 1.0:
        return floor
    return max(floor, 0.5 * (1.0 + math.cos(math.pi * (max(1.0, config.num_cycles) * progress % 1.0))))


@falling("polynomial", "power")
def polynomial(progress: float, config: ScheduleConfig, floor: float) -> float:
    return floor + (1.0 - floor) * (1.0 - progress) ** config.power
