"""Learning rate as a function of the optimizer step."""

from tasklab.config import ScheduleConfig
from tasklab.config.registries import SCHEDULES
from tasklab.errors import ConfigError


def warmup_steps(schedule: ScheduleConfig, total_steps: int) -> int:
    """Optimizer steps of the rise: `warmup_steps` when given, else the share `warmup_ratio` rounded down.

    Raises: ConfigError when that is longer than the run.
    """
    if "warmup_steps" not in SCHEDULES.get(schedule.name).settings:
        return 0
    steps = schedule.warmup_steps if schedule.warmup_steps is not None else int(schedule.warmup_ratio * total_steps)
    if steps > total_steps:
        raise ConfigError(
            f"schedule.warmup_steps = {steps} is more than the {total_steps} optimizer steps of this run; "
            "lower it, or train longer"
        )
    return steps


def learning_rate(step: int, peak_lr: float, schedule: ScheduleConfig, total_steps: int) -> float:
    """Learning rate of the optimizer step that follows `step` finished ones, by the shape that `schedule` names.

    The first step of a linear warm-up has rate 0, as in the BERT code.

    Args:
        step: optimizer steps done so far, from 0; accumulated micro-batches count as one.
    Raises: ConfigError when the warm-up is longer than the run, UnknownName.
    """
    shape = SCHEDULES.get(schedule.name)
    warmup = warmup_steps(schedule, total_steps)
    if step < warmup:
        return peak_lr * shape.start + peak_lr * (1.0 - shape.start) * step / warmup
    return peak_lr * shape(step, warmup, total_steps, schedule, schedule.lr_end / peak_lr)
