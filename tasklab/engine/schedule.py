"""Learning rate as a function of the optimizer step (definitions: transformers' get_*_schedule_with_warmup)."""

import math
from collections.abc import Callable

from tasklab.config import ScheduleConfig
from tasklab.errors import ConfigError


def linear(progress: float, schedule: ScheduleConfig, floor: float) -> float:
    return max(floor, 1.0 - progress)


def cosine(progress: float, schedule: ScheduleConfig, floor: float) -> float:
    return max(floor, 0.5 * (1.0 + math.cos(math.pi * 2.0 * schedule.num_cycles * progress)))


def cosine_with_restarts(progress: float, schedule: ScheduleConfig, floor: float) -> float:
    if progress >= 1.0:
        return floor
    cycles = max(1.0, schedule.num_cycles)
    return max(floor, 0.5 * (1.0 + math.cos(math.pi * (cycles * progress % 1.0))))


def polynomial(progress: float, schedule: ScheduleConfig, floor: float) -> float:
    return floor + (1.0 - floor) * (1.0 - progress) ** schedule.power


def constant(progress: float, schedule: ScheduleConfig, floor: float) -> float:
    return 1.0


SHAPES: dict[str, Callable[[float, ScheduleConfig, float], float]] = {
    "linear": linear,
    "cosine": cosine,
    "cosine_with_restarts": cosine_with_restarts,
    "polynomial": polynomial,
    "constant": constant,
    "constant_with_warmup": constant,
}
"""Factor on the peak rate; progress runs from 0 at the end of the warm-up to 1 at the last step."""


def warmup_steps(schedule: ScheduleConfig, total_steps: int) -> int:
    """Optimizer steps of the rise: `warmup_steps` when given, else the share `warmup_ratio` rounded down."""
    if schedule.name == "constant":
        return 0
    steps = schedule.warmup_steps if schedule.warmup_steps is not None else int(schedule.warmup_ratio * total_steps)
    if steps > total_steps:
        raise ConfigError(
            f"schedule.warmup_steps = {steps} is more than the {total_steps} optimizer steps of this run; "
            "lower it, or train longer"
        )
    return steps


def learning_rate(step: int, peak_lr: float, schedule: ScheduleConfig, total_steps: int) -> float:
    """Learning rate of the optimizer step that follows `step` finished ones.

    Rises linearly from 0 to `peak_lr` during the warm-up, then follows the named shape down to `schedule.lr_end`.
    The first step of a warm-up has rate 0, as in the BERT code.

    Args:
        step: optimizer steps done so far, from 0; accumulated micro-batches count as one.
    Raises: ConfigError when the warm-up is longer than the run.
    """
    warmup = warmup_steps(schedule, total_steps)
    if step < warmup:
        return peak_lr * step / warmup
    progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
    return peak_lr * SHAPES[schedule.name](progress, schedule, schedule.lr_end / peak_lr)
