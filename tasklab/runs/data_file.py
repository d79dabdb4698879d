"""Where a run's data lies: a file in its folder. A resume on this machine needs it, a checkpoint elsewhere does not.

What was in memory lies beside it: its name then has no folder, and holds wherever the run's folder is moved to.
"""

import json
import os
from pathlib import Path

from tasklab.content import read_json
from tasklab.errors import CheckpointError, ConfigError
from tasklab.replacing import replace_text

DATA_FILE = "data.json"


def remember_data(run_folder: Path, train: str | None, held_out: str | None):
    """Writes where the run's data.train and data.eval are: as it holds from any working directory, or in this folder.

    Raises: ConfigError when the folder has such a file of somebody else's.
    """
    path = run_folder / DATA_FILE
    if path.exists() and not _is_record(path):
        raise ConfigError(
            f"{path} is not of a run of tasklab and would be overwritten; choose another output_dir, or move the file"
        )
    paths = {"data.train": train, "data.eval": held_out}
    replace_text(path, json.dumps(paths, ensure_ascii=False, indent=1) + "\n")


def remembered_data(run_folder: Path) -> dict[str, str | None]:
    """data.train and data.eval of the run in a folder; None where nothing is known."""
    paths = {"data.train": None, "data.eval": None}
    try:
        record = read_json(run_folder / DATA_FILE, CheckpointError)
        return paths | {key: _beside(run_folder, record[key]) for key in paths if isinstance(record.get(key), str)}
    except (CheckpointError, AttributeError):
        return paths


def _beside(run_folder: Path, name: str) -> str:
    beside = run_folder / name
    return str(beside) if os.path.basename(name) == name and beside.is_file() else name


def _is_record(path: Path) -> bool:
    """Whether `remember_data` wrote this."""
    try:
        record = read_json(path, CheckpointError)
    except CheckpointError:
        return False
    return isinstance(record, dict) and record.keys() == {"data.train", "data.eval"}
