"""What a search knows of its trials, by their numbers: optuna's study, in a file that outlives every kill."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from tasklab.engine.selection import standing
from tasklab.errors import ConfigError
from tasklab.trials.space import Space

VALUES, LOSS = "hyperparameters", "loss"
"""Attributes of a trial: its values, as in a study of a function they are not all optuna's own, and the evaluation loss
that goes with its objective."""


class BestRun(NamedTuple):
    """HuggingFace's result of a search: `Trainer.apply` takes it."""

    run_id: str  # number of the trial; its folder is trial-<run_id>
    objective: float
    hyperparameters: dict


class Study:
    """Trials asked for, told of, and compared.

    Args:
        file: SQLite; what it holds is continued.
        pruning: whether `report` ever calls a trial hopeless.
        seed: of the sampler, together with the number of trials so far, else a resumed search would draw its first
            values again.
    """

    def __init__(self, file: Path, maximize: bool, pruning: bool, seed: int):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.maximize = maximize
        try:
            self._study = self._open(file, maximize, pruning)
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise ConfigError(
                f"{file}: cannot be read as the study of a search ({why}); the folders of its trials beside it are "
                "whole. Move the file away to begin a new study, or choose another folder (output_dir, on the command "
                "line --output)"
            ) from None
        self._study.sampler = optuna.samplers.TPESampler(seed=seed + len(self._study.trials))

    def _open(self, file: Path, maximize: bool, pruning: bool):
        return optuna.create_study(
            storage=f"sqlite:///{file.resolve()}", study_name="search", load_if_exists=True,
            direction="maximize" if maximize else "minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3) if pruning else optuna.pruners.NopPruner(),
        )  # fmt: skip

    def ask(self, space: Space | Callable) -> int:
        """The number of a new trial, whose values come from the space, or from a function of an optuna trial."""
        trial = self._study.ask()
        if callable(space):
            values = space(trial) or trial.params
        else:
            values = {key: dimension.suggest(trial, key) for key, dimension in space.items()}
        trial.set_user_attr(VALUES, values)
        return trial.number

    def hyperparameters(self, number: int) -> dict | None:
        """None for a trial that was asked for just before a kill."""
        return self._trial(number).user_attrs.get(VALUES)

    def report(self, number: int, values: Sequence[float]) -> bool:
        """Tells all evaluations of a running trial so far; True when a new one is worse than half of the others'.

        The pruner compares evaluations of equal number.
        """
        frozen = self._trial(number)
        reported = len(frozen.intermediate_values)
        if len(values) <= reported:
            return False
        trial = optuna.trial.Trial(self._study, frozen._trial_id)
        for step in range(reported, len(values)):
            trial.report(values[step], step)
        return trial.should_prune()

    def complete(self, number: int, value: float, loss: float | None = None):
        """loss: of the evaluation that gave the value, which decides between trials of one value."""
        trial = optuna.trial.Trial(self._study, self._trial(number)._trial_id)
        trial.set_user_attr(LOSS, loss)
        self._study.tell(number, value)

    def fail(self, number: int):
        self._study.tell(number, state=TrialState.FAIL)

    def prune(self, number: int):
        self._study.tell(number, state=TrialState.PRUNED)

    def begun(self) -> int:
        """Trials that have ended well or early, or run; failed ones are made up for."""
        return len(self._in(TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING))

    def running(self) -> list[int]:
        return [trial.number for trial in self._in(TrialState.RUNNING)]

    def completed(self) -> list[int]:
        return [trial.number for trial in self._in(TrialState.COMPLETE)]

    def states(self) -> list[str]:
        """Optuna's name of every trial's state, in order."""
        return [trial.state.name for trial in self._study.get_trials(deepcopy=False)]

    def best(self) -> BestRun | None:
        done = self._in(TrialState.COMPLETE)
        if not done:
            return None
        best = max(done, key=lambda trial: standing(trial.value, trial.user_attrs.get(LOSS), self.maximize))
        return BestRun(str(best.number), best.value, best.user_attrs[VALUES])

    def _in(self, *states: TrialState) -> list:
        return self._study.get_trials(deepcopy=False, states=states)

    def _trial(self, number: int):
        return self._study.get_trials(deepcopy=False)[number]
