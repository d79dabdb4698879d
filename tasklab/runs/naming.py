"""How runs are named and found again: output/<name>, output/<name>-2, ..., or the folder that output_dir names."""

import re
import shlex
from pathlib import Path

from tasklab.config import OUTPUT, Config
from tasklab.config.absent import beside
from tasklab.content import from_home
from tasklab.errors import CheckpointError, ConfigError
from tasklab.runs.folder import RunFolder
from tasklab.runs.lock import LOCK
from tasklab.weights.source import weights_in


def run_of(path) -> RunFolder | None:
    """The run folder at `path`, or None when there are no checkpoints below it."""
    run = RunFolder(path)
    return run if run.checkpoints() else None


def named_run(path) -> RunFolder | None:
    """As `run_of`, for what a user names. Raises CheckpointError for a run that ended before its first checkpoint."""
    run = run_of(path)
    if run is None and Path(path, LOCK).is_file() and not weights_in(Path(path)):
        raise CheckpointError(f"{path}: a run without a checkpoint; it ended before the first was saved, so train anew")
    return run


def refuse_absent(path):
    """Raises CheckpointError for a folder that is not there, with what lies beside it and among the runs."""
    folder = from_home(path)
    if folder.is_file():
        raise CheckpointError(f"{path}: a file; name the folder of a run, or of a checkpoint in it")
    if not folder.is_dir():
        runs = "" if str(folder.parent) == OUTPUT else beside(Path(OUTPUT, folder.name))
        raise CheckpointError(f"{path}: no such folder{runs or beside(folder)}")


def find_run(config: Config) -> RunFolder | None:
    """The run that a job's verbs refer to: output_dir when set, else the newest output/<name>[-N]."""
    if config.output_dir is not None:
        return run_of(config.output_dir)
    return next((run for _, path in reversed(_numbered(config)) if (run := run_of(path))), None)


def new_run(config: Config) -> RunFolder:
    """An unused run folder. Raises ConfigError when output_dir is set and holds a run already."""
    if config.output_dir is not None:
        if run_of(config.output_dir):
            raise ConfigError(
                f"output_dir {config.output_dir} holds a run already; continue it with "
                f"--resume {shlex.quote(str(config.output_dir))} "
                "(Python: train(True)), or choose another output_dir"
            )
        return RunFolder(config.output_dir)
    taken = [number for number, path in _numbered(config) if run_of(path)]
    first = Path(OUTPUT, config.name or str(config.task))
    return RunFolder(first.with_name(f"{first.name}-{taken[-1] + 1}") if taken else first)


def _numbered(config: Config) -> list[tuple[int, Path]]:
    """(1, output/<name>), (2, output/<name>-2), ... as far as they exist, in their order."""
    first = Path(OUTPUT, config.name or str(config.task))
    name = re.compile(rf"{re.escape(first.name)}(?:-(\d+))?")  # compared, never a glob: a name may hold [ ] * ?
    entries = first.parent.iterdir() if first.parent.is_dir() else ()
    hits = [(name.fullmatch(path.name), path) for path in entries if path.is_dir()]
    return sorted((int(hit[1] or 1), path) for hit, path in hits if hit)
