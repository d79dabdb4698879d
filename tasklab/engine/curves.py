"""The curves of a run: gathered from what lies in its folder, and written there."""

from tasklab.engine.selection import watched_metric
from tasklab.pictures.canvas import save
from tasklab.pictures.curves import RunCurves
from tasklab.runs.folder import RunFolder
from tasklab.runs.history import ALL_CURVES_FILE, CURVES_FILE, METRICS_FILE, read_baselines, read_metrics
from tasklab.task import Task


def curves_of(run: RunFolder, task: Task, best_step: int | None) -> RunCurves:
    """What the run has measured until now, and its baselines where they are known already."""
    records, baselines = read_metrics(run.path / METRICS_FILE), read_baselines(run.path)
    metric = watched_metric(task.config.train, task.metric)
    return RunCurves(run_title(run, task.config.name), records, metric, task.perfect, best_step, baselines)


def run_title(run: RunFolder, name) -> str:
    """What the pictures of a run are called: its folder, and the model of this name."""
    return str(name) if run.path.name == name else f"{run.path.name} ({name})"


def write_curves(run: RunFolder, task: Task, best_step: int | None):
    """Draws curves.png and curves_all.png anew; one that has nothing to show goes. Raises: OSError that names it."""
    curves = curves_of(run, task, best_step)
    for name, figure in ((CURVES_FILE, curves.main()), (ALL_CURVES_FILE, curves.rest())):
        if figure is None:
            (run.path / name).unlink(missing_ok=True)
        else:
            save(figure, run.path / name)
