"""Whether folders that another version trained still predict, evaluate and resume, to the bit, or are refused aloud.

PYTHONPATH=BEFORE python benchmarks/old_folders.py make FOLDER [--cases GLOB]
PYTHONPATH=AFTER  python benchmarks/old_folders.py check FOLDER [--cases GLOB]

`make` trains a tiny run per case and keeps it as it was half way, with its data, what that checkpoint answers, and what
the whole run ended with. `check` asks the same of the kept folders, goes on training copies of them, and prints a line
per case. A refusal is an error of tasklab's own. A version may draw the masks of dropout in another way and say so in a
warning, which is printed. Exit status of `check`: 1 when something else differs or breaks.
"""

import argparse
import fnmatch
import json
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

from old_runs import CASES, answers_of, losses_of, make, weights_of


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("make", "check"))
    parser.add_argument("folder")
    parser.add_argument("--cases", default="*", help="names, such as 'words*'")
    options = parser.parse_args()
    heard = Warnings()
    logging.getLogger("tasklab").addHandler(heard)
    broken = False
    with tempfile.TemporaryDirectory() as work:
        os.environ["TASKLAB_CACHE"] = f"{work}/cache"  # nothing encoded by another version
        for name in fnmatch.filter(CASES, options.cases):
            home = Path(options.folder).absolute() / name
            if options.verb == "make":
                make(home, *CASES[name])
                print(f"{name}: made", flush=True)
                continue
            for step, found in check(home, Path(work) / name, heard, *CASES[name][:2]):
                broken = broken or not found.startswith(("same", "refused", "told"))
                print(f"{name}, {step}: {found}", flush=True)
    sys.exit(broken)


class Warnings(logging.Handler):
    """What the log warned of since the last look."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())

    def taken(self, about: str) -> str:
        """Those with `about` in them."""
        lines, self.lines = self.lines, []
        return " | ".join(line for line in lines if about in line)


def check(home: Path, aside: Path, heard: Warnings, task: str, backbone: str):
    """(what was asked, what came of it) for answers, and for the resume where there is one."""
    from tasklab import Trainer

    expected = json.loads((home / "expected.json").read_text())
    data = home / expected["data"]

    def answer():
        found = answers_of(home, task, backbone, home / expected["model"], data)
        return [key for key in found if found[key] != expected[key]]

    def resume():
        run = Path(shutil.copytree(home / "run", aside))
        trainer = Trainer({"device_target": "CPU"}, task, str(run))
        trainer.config.data.train = str(data)
        weights = weights_of(Path(trainer.train(True)["last_checkpoint"]))
        found = [f"weight {name}" for name in expected["weights"] if weights.get(name) != expected["weights"][name]]
        return (["losses"] if losses_of(run) != expected["losses"] else []) + found

    for step in (answer, resume) if "weights" in expected else (answer,):
        heard.taken("")
        yield step.__name__, _came_of(step, heard)


def _came_of(step, heard: Warnings) -> str:
    try:
        differing = step()
    except Exception as error:
        kind = "refused" if type(error).__module__ == "tasklab.errors" else "BROKEN"
        return f"{kind}: {type(error).__name__}: {error}"
    if not differing:
        return "same bits"
    shown = f"{', '.join(differing[:3])} ({len(differing)} in all)"
    told = heard.taken("dropout")  # whose masks a version may draw in another way
    return f"told: {told}; differs: {shown}" if told else f"DIFFERS: {shown}"


if __name__ == "__main__":
    main()
