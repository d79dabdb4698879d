"""How runs are named and found again: output/<name>, output/<name>-2, ..., or the folder that output_dir names."""

import re
from pathlib import Path

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.runs.folder import RunFolder

OUTPUT = "output"


def run_of(path) -> RunFolder | None:
    """The run folder at `path`, or None when there are no checkpoints below it."""
    run = RunFolder(path)
    return run if run.checkpoints() else None


def find_run(config: Config) -> RunFolder | None:
    """The run that a job's verbs refer to: output_dir when set, else the newest output/<name>[-N]."""
    if config.output_dir is not None:
        return run_of(config.output_dir)
    return next((run for path in reversed(_numbered(config)) if (run := run_of(path))), None)


def new_run(config: Config) -> RunFolder:
    """An unused run folder. Raises ConfigError when output_dir is set and holds a run already."""
    if config.output_dir is not None:
        if run_of(config.output_dir):
            raise ConfigError(
                f"output_dir {config.output_dir} holds a run already; continue it with --resume {config.output_dir} "
                "(Python: train(True)), or choose another output_dir"
            )
        return RunFolder(config.output_dir)
    taken = [path for path in _numbered(config) if run_of(path)]
    if not taken:
        return RunFolder(Path(OUTPUT) / config.name)
    last = re.fullmatch(r".*?(?:-(\d+))?", taken[-1].name[len(config.name) :]).group(1)
    return RunFolder(Path(OUTPUT) / f"{config.name}-{int(last or 1) + 1}")


def _numbered(config: Config) -> list[Path]:
    """output/<name>, output/<name>-2, ... as far as they exist, in their order."""
    found = []
    for path in Path(OUTPUT).glob(config.name + "*"):
        match = re.fullmatch(r"(?:-(\d+))?", path.name[len(config.name) :])
        if match and path.is_dir():
            found.append((int(match.group(1) or 1), path))
    return [path for _, path in sorted(found)]
