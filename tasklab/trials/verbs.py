"""The verbs of a Trainer that train many times."""

import logging
from collections.abc import Callable

from tasklab.config import Config, assign
from tasklab.content import from_home

logger = logging.getLogger("tasklab")


class TrialVerbs:
    """A Trainer is one: search, cross-validation, and a search's result."""

    config: Config
    callbacks: list
    compute_metrics: Callable | None

    def hyperparameter_search(
        self, hp_space=None, compute_objective=None, n_trials: int = 10, direction: str | None = None,
        backend: str = "optuna", *, subset: float | None = None, pruning: bool = True, parallel: int = 1,
        output_dir=None,
    ):  # fmt: skip
        """Trains with many settings and returns BestRun(run_id, objective, hyperparameters); `apply` takes it.

        Every trial is a training in a process and a folder of its own. The same call continues a search that was
        killed, up to n_trials in all.

        Args:
            hp_space: {key: list of values, or {low, high, log, step}}, a YAML file of such, a list of "key=low..high"
                texts, or a function of an optuna trial; None searches around the recipe.
            compute_objective: metrics of an evaluation -> number, by HuggingFace's names too (eval_loss); None takes
                the sum of what compute_metrics gives, or else the metric that picks the best checkpoint.
            direction: maximize or minimize; None follows the metric.
            backend: optuna, on this machine, or ray, on all machines of a Ray cluster.
            subset: share of the training examples that trials see.
            parallel: trials at a time.
            output_dir: the search's folder; by default output/<model name>-search.
        Raises: ConfigError, TrainingError when trials keep failing, MissingDependency for ray without Ray.
        """
        from tasklab.trials.functions import reference_of
        from tasklab.trials.search import search

        self._refuse_untrained()
        function = self.compute_metrics and reference_of(self.compute_metrics)
        if self.callbacks:
            logger.warning("trials run in processes of their own: callbacks stay behind")
        folder = from_home(output_dir or f"output/{self.config.name}-search")
        return search(
            folder, self.config, self._plain_task().metric, hp_space, compute_objective, n_trials, direction, backend,
            subset, pruning, parallel, function,
        )  # fmt: skip

    def cross_validate(self, folds: int = 5, *, parallel: int = 1, output_dir=None) -> dict:
        """Trains once per fold of data.train and returns mean and deviation of each metric, and the folds' own.

        Every training is a run of its own, output/<model name>-folds/fold-<k>; the same call continues after a kill.
        """
        from tasklab.trials.folds import cross_validate
        from tasklab.trials.functions import reference_of

        self._refuse_untrained()
        function = self.compute_metrics and reference_of(self.compute_metrics)
        folder = from_home(output_dir or f"output/{self.config.name}-folds")
        return cross_validate(folder, self.config, folds, parallel, function)

    def apply(self, best_run):
        """Takes over the hyperparameters of a search's best run for the next `train`."""
        assign(self.config, best_run.hyperparameters, f"best run {best_run.run_id}")
