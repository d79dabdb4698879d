"""Rates with a shape of their own: the inverse root of the step, and rise, hold, fall."""

import math

from tasklab.config import ScheduleConfig
from tasklab.config.registries import WARMUP, schedule

START, END = 0.01, 0.05
"""tri_stage: shares of the peak at the first and at the last step (Park et al. 2019; UER-py's)."""


@schedule("inverse_sqrt", *WARMUP, "lr_end")
def inverse_sqrt(step: int, warmup: int, total: int, config: ScheduleConfig, floor: float) -> float:
    """sqrt(warmup / step) (Vaswani et al. 2017); without a warm-up as after one of a single step."""
    return max(floor, (max(1, warmup) / max(1, step)) ** 0.5)


@schedule("tri_stage", *WARMUP, "decay_ratio", start=START)
def tri_stage(step: int, warmup: int, total: int, config: ScheduleConfig, floor: float) -> float:
    """Linear from 0.01 to 1, held there, then exponential to 0.05 over the last decay_ratio of all steps."""
    decay = int(config.decay_ratio * total)
    gone = step - (total - decay)  # steps of the fall
    return math.exp(math.log(END) * gone / decay) if gone > 0 else 1.0
