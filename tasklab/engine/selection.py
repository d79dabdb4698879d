"""Which evaluation is the best, and when enough have passed without a better one (rules: HuggingFace's Trainer)."""

import math

from tasklab.config import TrainConfig
from tasklab.errors import ConfigError
from tasklab.runs.state import TrainerState


def watched_metric(config: TrainConfig, own: str) -> str:
    """The metric that picks the best checkpoint: the one set, HuggingFace's eval_ before it or not, or the task's."""
    return (config.metric_for_best_model or own).removeprefix("eval_")


def greater_is_better(config: TrainConfig, own: str) -> bool:
    """As set; otherwise everything but a loss is better when it is greater."""
    if config.greater_is_better is not None:
        return config.greater_is_better
    return not watched_metric(config, own).endswith("loss")


def judge(metrics: dict[str, float], state: TrainerState, config: TrainConfig, own: str) -> bool:
    """Keeps the account in `state` and returns whether this evaluation is the new best; a tie is not.

    A gain of at most `early_stopping_threshold` makes a new best, but does not renew the patience.
    """
    name = watched_metric(config, own)
    if name not in metrics:
        raise ConfigError(f"train.metric_for_best_model = {name}: the evaluation gave {', '.join(metrics)}")
    value = float(metrics[name])
    gain = -math.inf
    if math.isfinite(value):
        sign = 1 if greater_is_better(config, own) else -1
        gain = math.inf if state.best_metric is None else sign * (value - state.best_metric)
    state.evaluations_without_gain = 0 if gain > config.early_stopping_threshold else state.evaluations_without_gain + 1
    if gain > 0:
        state.best_metric, state.best_step = value, state.global_step
    return gain > 0


def patience_is_used_up(state: TrainerState, config: TrainConfig) -> bool:
    patience = config.early_stopping_patience
    return bool(patience) and state.evaluations_without_gain >= patience
