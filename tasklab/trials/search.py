"""A hyperparameter search from its arguments to the best run, on this machine or on a Ray cluster."""

from pathlib import Path

from tasklab.config import Config
from tasklab.data.files.kept import tables_in
from tasklab.engine.computed import OBJECTIVE
from tasklab.engine.selection import greater_is_better, watched_metric
from tasklab.errors import ConfigError
from tasklab.trials.driver import Search
from tasklab.trials.study import BestRun


def search(
    folder, config: Config, own_metric: str, space, objective, n_trials: int, direction: str | None, backend: str,
    subset: float | None, pruning: bool, parallel: int, compute_metrics: str | None,
) -> BestRun:  # fmt: skip
    """`Trainer.hyperparameter_search`; own_metric is the task's, compute_metrics the name of the user's function."""
    if direction not in (None, "maximize", "minimize"):
        raise ConfigError(f"direction is {direction!r}; expected maximize or minimize")
    if backend not in ("optuna", "ray"):
        raise ConfigError(f"backend is {backend!r}; expected optuna or ray")
    for key, missing in (("data.train", config.data.train is None), ("data.eval", config.data.eval_off)):
        if missing:
            raise ConfigError(f"a search needs {key}: without it nothing can be trained and compared")
    config = config.copy()
    tables_in(config.data, Path(folder))
    config.data.subset = subset or config.data.subset
    config.train.save_total_limit = 1
    metric = OBJECTIVE if compute_metrics else watched_metric(config.train, own_metric)
    asked = objective and (lambda metrics: objective(metrics | {f"eval_{name}": metrics[name] for name in metrics}))
    maximize = direction == "maximize"
    if direction is None:
        maximize = bool(compute_metrics) or greater_is_better(config.train, own_metric)
    kind = Search
    if backend == "ray":
        from tasklab.trials.ray_tune import RaySearch as kind
    trials = kind(folder, config, metric, maximize, space, asked, pruning, parallel, compute_metrics)
    if config.data.eval_path is None and not callable(trials.space) and "seed" in trials.space:
        raise ConfigError(
            "the space varies seed, by which a part of data.train is held out; name a file with data.eval=FILE, by "
            "which all trials can be compared"
        )
    return trials.run(n_trials)
