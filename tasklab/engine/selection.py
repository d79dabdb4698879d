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


def standing(value: float, loss: float | None, greater: bool) -> tuple[float, float]:
    """What two evaluations are compared by, the greater is better: the metric, then the smaller evaluation loss."""
    return (value if greater else -value), (-math.inf if loss is None else -loss)


def finite_loss(metrics: dict[str, float]) -> float | None:
    """The evaluation loss among metrics, where there is one and it is a number."""
    loss = metrics.get("loss", math.nan)
    return float(loss) if math.isfinite(loss) else None


def judge(metrics: dict[str, float], state: TrainerState, config: TrainConfig, own: str) -> bool:
    """Keeps the account in `state` and returns whether this evaluation is the new best.

    Of equal metrics the smaller evaluation loss is better: where a metric says nothing yet (F1 0) or nothing more
    (accuracy 1), the loss still tells which weights have learned more. Where that is equal or unknown too, the later
    step is the best, with more training behind it.
    A gain of at most `early_stopping_threshold` makes a new best, but does not renew the patience; a smaller loss at
    the same metric renews it where no threshold asks for more.
    """
    name, greater = watched_metric(config, own), greater_is_better(config, own)
    if name not in metrics:
        raise ConfigError(f"train.metric_for_best_model = {name}: the evaluation gave {', '.join(metrics)}")
    value, loss, threshold = float(metrics[name]), finite_loss(metrics), config.early_stopping_threshold
    is_best = gained = False
    if math.isfinite(value):
        now, before = standing(value, loss, greater), (-math.inf, -math.inf)
        if state.best_metric is not None:
            before = standing(state.best_metric, state.best_loss, greater)
        is_best = now >= before
        gained = now[0] - before[0] > threshold or not threshold and now > before
    state.evaluations_without_gain = 0 if gained else state.evaluations_without_gain + 1
    if is_best:
        state.best_metric, state.best_loss, state.best_step = value, loss, state.global_step
    return is_best


def patience_is_used_up(state: TrainerState, config: TrainConfig) -> bool:
    patience = config.early_stopping_patience
    return bool(patience) and state.evaluations_without_gain >= patience
