"""What a Trainer shows of itself: a line, a table for notebooks, what its run has measured, and the curves."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from tasklab.config import Config
from tasklab.engine.curves import curves_of
from tasklab.engine.selection import watched_metric
from tasklab.errors import ConfigError, MissingDependency, TasklabError
from tasklab.runs.checkpoints import best_step
from tasklab.runs.data_file import remembered_data
from tasklab.runs.folder import RunFolder
from tasklab.runs.history import METRICS_FILE, read_metrics
from tasklab.runs.naming import find_run
from tasklab.runs.state import TrainerState
from tasklab.task import TASKS, Task
from tasklab.weights.folder import STATE

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure


class TrainerViews:
    """A Trainer is one; nothing here trains, loads weights or changes anything."""

    config: Config
    _run: RunFolder | None

    def __repr__(self) -> str:
        return f"Trainer({', '.join(f'{name}={value}' for name, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        """The same as a small table, which notebooks show."""
        cells = ((html.escape(name), html.escape(value)) for name, value in self._facts().items())
        rows = "".join(f'<tr><th style="text-align:left">{name}</th><td>{value}</td></tr>' for name, value in cells)
        return f"<table><caption>Trainer</caption>{rows}</table>"

    @property
    def history(self) -> pandas.DataFrame:
        """What the run has measured, a row per record of its metrics.jsonl: kind is train (means over the steps since
        the row before) or evaluate (the metrics); no rows before the first one.

        Raises: MissingDependency without pandas.
        """
        try:
            import pandas
        except ImportError:
            raise MissingDependency("history is a DataFrame of pandas: pip install pandas") from None
        records, run = [], self._shown_run()
        if run is not None:
            records = read_metrics(run.path / METRICS_FILE)
        return pandas.DataFrame(records, columns=None if records else ["kind", "global_step", "epoch"])

    def plot(self) -> Figure:
        """The run's loss and the metric that picks its best checkpoint, as curves.png has them; notebooks show it.

        Raises: ConfigError before there is anything to see.
        """
        run = self._shown_run()
        curves = run and curves_of(run, self._plain_task(), best_step(run.path))
        if not curves or (figure := curves.main()) is None:
            raise ConfigError(f"nothing to plot: no run of {self.config.name} has measured anything yet; train() first")
        return figure

    def _shown_run(self) -> RunFolder | None:
        """The run that evaluate and predict would take."""
        return self._run or find_run(self.config)

    def _plain_task(self) -> Task:
        """The task without its tokenizer: good for what follows from the configuration alone."""
        return TASKS.get(self.config.task)(self.config, None)

    def _facts(self) -> dict[str, str]:
        run = self._shown_run()
        remembered = remembered_data(run.path) if run else {}
        places = ((key, self.config[key] or remembered.get(key)) for key in ("data.train", "data.eval"))
        shown = [f"{key.removeprefix('data.')} {place}" for key, place in places if place]
        return {
            "task": str(self.config.task), "model": str(self.config.name), "data": ", ".join(shown) or "none",
            "run": str(run.path) if run else "none", "state": self._state(run),
        }  # fmt: skip

    def _state(self, run: RunFolder | None) -> str:
        """How far the run is, by its newest checkpoint."""
        if run is None or not (folders := run.checkpoints()):
            return "not trained"
        try:
            state = TrainerState.from_json((folders[-1] / STATE).read_text(encoding="utf-8"), folders[-1] / STATE)
            metric = watched_metric(self.config.train, self._plain_task().metric)
        except (TasklabError, OSError, UnicodeDecodeError):
            return f"{folders[-1].name}, whose state cannot be read"
        best = "" if state.best_step is None else f", best {metric} {state.best_metric:.4f} at {state.best_step}"
        return f"{'finished' if state.finished else 'saved'} at step {state.global_step} of {state.total_steps}{best}"
