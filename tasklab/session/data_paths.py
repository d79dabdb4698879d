"""Where a run's data lies: a file in its folder. A resume on this machine needs it, a checkpoint elsewhere does not."""

import json
import os
from pathlib import Path

from tasklab.config import DataConfig
from tasklab.datahub import from_anywhere

DATA_FILE = "data.json"


def remember_data(data: DataConfig, run_folder: Path):
    """Writes where the run's data.train and data.eval are, in a way that holds from any working directory."""
    told = {f"data.{key}": from_anywhere(data[key]) for key in ("train", "eval")}
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
