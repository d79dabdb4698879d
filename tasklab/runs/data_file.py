"""Where a run's data lies: a file in its folder. A resume on this machine needs it, a checkpoint elsewhere does not."""

import json
import os
from pathlib import Path

DATA_FILE = "data.json"


def remember_data(run_folder: Path, train: str | None, held_out: str | None):
    """Writes where the run's data.train and data.eval are, both as they hold from any working directory."""
    told = {"data.train": train, "data.eval": held_out}
    aside = run_folder / (DATA_FILE + ".tmp")
    aside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(aside, run_folder / DATA_FILE)


def remembered_data(run_folder: Path) -> dict[str, str | None]:
    """data.train and data.eval of the run in a folder; None where nothing is known."""
    known = {"data.train": None, "data.eval": None}
    try:
        told = json.loads((run_folder / DATA_FILE).read_text(encoding="utf-8"))
        return known | {key: told[key] for key in known if isinstance(told.get(key), str)}
    except (OSError, ValueError, AttributeError):
        return known
