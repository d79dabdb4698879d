"""The same search spread over the machines of a Ray cluster by Ray Tune, with optuna's sampler."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from tasklab.config import Config, assign
from tasklab.datahub import from_anywhere
from tasklab.engine.selection import standing
from tasklab.errors import MissingDependency, TrainingError
from tasklab.trials.space import Choice, read_space
from tasklab.trials.study import LOSS, BestRun
from tasklab.trials.trial import POLL, Trial

NAME, OBJECTIVE = "ray", "objective"


class RaySearch:
    """Arguments as those of `Search`; `folder` and the data must lie where every machine finds them.

    A space that is a function gets None and returns Ray's own search space, as in HuggingFace's Trainer.
    """

    def __init__(
        self, folder: Path, config: Config, metric: str, maximize: bool, space=None,
        objective: Callable[[dict], float] | None = None, pruning: bool = True, parallel: int = 1,
        compute_metrics: str | None = None,
    ):  # fmt: skip
        self.folder, self.config, self.maximize = Path(folder).resolve(), config.copy(), maximize
        data = self.config.data  # a worker has a working directory of its own
        data.train, data.eval = from_anywhere(data.train), from_anywhere(data.eval_path) or data.eval
        self.objective = objective or (lambda metrics: metrics[metric])
        self.space = space if callable(space) else read_space(space, config)
        self.pruning, self.parallel, self.compute_metrics = pruning, parallel, compute_metrics

    def run(self, n_trials: int) -> BestRun:
        """Runs or continues the search. Raises MissingDependency without Ray, TrainingError when all trials fail."""
        try:
            import ray
            from ray import tune
            from ray.tune.schedulers import MedianStoppingRule
            from ray.tune.search.optuna import OptunaSearch
        except ImportError:
            raise MissingDependency('backend="ray" needs Ray Tune: pip install "ray[tune]"') from None
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False)
        mode, place = "max" if self.maximize else "min", str(self.folder / NAME)
        work = tune.with_parameters(
            train_on_worker, config=self.config, folder=self.folder, objective=self.objective, maximize=self.maximize,
            home=os.getcwd(), compute_metrics=self.compute_metrics,
        )
        if tune.Tuner.can_restore(place):
            tuner = tune.Tuner.restore(place, work, resume_unfinished=True)
        else:
            tuner = tune.Tuner(
                work, param_space=self.space(None) if callable(self.space) else _ray_space(tune, self.space),
                tune_config=tune.TuneConfig(
                    metric=OBJECTIVE, mode=mode, num_samples=n_trials, max_concurrent_trials=self.parallel,
                    search_alg=OptunaSearch(seed=self.config.seed),
                    scheduler=MedianStoppingRule(min_samples_required=3) if self.pruning else None,
                ),
                run_config=tune.RunConfig(name=NAME, storage_path=str(self.folder), verbose=0),
            )  # fmt: skip
        results = [result for result in tuner.fit() if result.metrics and OBJECTIVE in result.metrics]
        if not results:
            raise TrainingError(f"{self.folder}: no trial came to its end; see trial-*/train.log")
        best = max(results, key=lambda r: standing(r.metrics[OBJECTIVE], r.metrics.get(LOSS), self.maximize))
        return BestRun(best.metrics["trial_id"], best.metrics[OBJECTIVE], dict(best.config))


def train_on_worker(
    values: dict, config: Config, folder: Path, objective, maximize: bool, home: str, compute_metrics: str | None
):
    """One trial on whichever machine Ray chose; reports the best evaluation so far after each one.

    home: where the search was begun; a worker has a working directory of its own, and relative paths mean that one.
    """
    from ray import tune

    trial, reported = Trial(folder / f"trial-{tune.get_context().get_trial_id()}", home, compute_metrics), 0
    if not trial.planned:
        trial.plan(assign(config.copy(), values, "search space"))
    state = "finished" if trial.finished() else "killed"
    try:
        while True:
            if state == "killed":
                trial.start()
            evaluations, best = len(trial.evaluations()), trial.best_evaluation(objective, maximize)
            if evaluations > reported and best is not None:
                reported = evaluations
                tune.report({OBJECTIVE: best[0], LOSS: best[1]})
            if state == "finished":
                return
            if state == "failed":
                raise TrainingError(f"{trial.folder}: {trial.reason()}")
            time.sleep(POLL)
            state = trial.poll()
    finally:
        trial.stop()


def _ray_space(tune, space: dict) -> dict:
    return {
        key: tune.choice(list(dimension.options)) if isinstance(dimension, Choice) else _ray_range(tune, dimension)
        for key, dimension in space.items()
    }


def _ray_range(tune, dimension):
    low, high = dimension.low, dimension.high
    if isinstance(low, int) and isinstance(high, int):
        return tune.lograndint(low, high + 1) if dimension.log else tune.randint(low, high + 1)  # Ray leaves out `high`
    return tune.loguniform(low, high) if dimension.log else tune.uniform(low, high)
