"""Where a run's data lies: a file in its folder. A resume on this machine needs it, a checkpoint elsewhere does not."""

import json
import os
from pathlib import Path

from tasklab.errors import ConfigError

DATA_FILE = "data.json"


def remember_data(run_folder: Path, train: str | None, held_out: str | None):
    """Writes where the run's data.train and data.eval are, both as they hold from any working directory.

    Raises: ConfigError when the folder has such a file of somebody else's.
    """
    path = run_folder / DATA_FILE
    if path.exists() and not _is_told(path):
        raise ConfigError(
            f"{path} is not of a run of tasklab and would be overwritten; choose another output_dir, or move the file"
        )
    told = {"data.train": train, "data.eval": held_out}
    aside = run_folder / (DATA_FILE + ".tmp")
    aside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, path)


def remembered_data(run_folder: Path) -> dict[str, str | None]:
    """data.train and data.eval of the run in a folder; None where nothing is known."""
    known = {"data.train": None, "data.eval": None}
    try:
        told = json.loads((run_folder / DATA_FILE).read_text(encoding="utf-8"))
        return known | {key: told[key] for key in known if isinstance(told.get(key), str)}
    except (OSError, ValueError, AttributeError):
        return known


def _is_told(path: Path) -> bool:
    """Whether `remember_data` wrote this."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(told, dict) and told.keys() == {"data.train", "data.eval"}
