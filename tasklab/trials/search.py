"""A hyperparameter search from its arguments to the best run, on this machine or on a Ray cluster."""

from pathlib import Path

from tasklab.config import Config
from tasklab.data.files.kept import tables_in
from tasklab.engine.selection import greater_is_better, watched_metric
from tasklab.errors import ConfigError
from tasklab.trials.driver import Search
from tasklab.trials.study import BestRun


def search(
    folder, config: Config, own_metric: str, space, objective, n_trials: int, direction: str | None, backend: str,
    subset: float | None, pruning: bool, parallel: int,
) -> BestRun:  # fmt: skip
    """`Trainer.hyperparameter_search`; own_metric is the task's."""
    if direction not in (None, "maximize", "minimize"):
        raise ConfigError(f"direction is {direction!r}; expected maximize or minimize")
    if backend not in ("optuna", "ray"):
        raise ConfigError(f"backend is {backend!r}; expected optuna or ray")
    for key in ("data.train", "data.eval"):
        if config[key] is None:
            raise ConfigError(f"a search needs {key}: without it nothing can be trained and compared")
    config = config.copy()
    tables_in(config.data, Path(folder))
    config.data.subset = subset or config.data.subset
    config.train.save_total_limit = 1
    metric = watched_metric(config.train, own_metric)
    maximize = greater_is_better(config.train, own_metric) if direction is None else direction == "maximize"
    if backend == "ray":
        from tasklab.trials.ray_tune import RaySearch

        return RaySearch(folder, config, metric, maximize, space, objective, pruning, parallel).run(n_trials)
    return Search(folder, config, metric, maximize, space, objective, pruning, parallel).run(n_trials)
