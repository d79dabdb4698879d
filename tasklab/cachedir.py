"""Where tasklab keeps what it can get again: fetched weights, encoded data, compiled kernels."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """`$TASKLAB_CACHE`, else `$XDG_CACHE_HOME/tasklab`, else `~/.cache/tasklab`. The folder may not exist yet."""
    chosen = os.environ.get("TASKLAB_CACHE")
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # the XDG specification: a relative path is to be ignored
    return (Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~"), ".cache")) / "tasklab"
