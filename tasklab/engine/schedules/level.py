"""Rates that stay at the peak."""

from tasklab.config import ScheduleConfig
from tasklab.config.registries import WARMUP, schedule


@schedule("constant")
def constant(step: int, warmup: int, total: int, config: ScheduleConfig, floor: float) -> float:
    """From the first step on: it reads no warm-up."""
    return 1.0


@schedule("constant_with_warmup", *WARMUP)
def constant_with_warmup(step: int, warmup: int, total: int, config: ScheduleConfig, floor: float) -> float:
    return 1.0
