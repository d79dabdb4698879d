"""Sides of a comparison, each in a fresh process."""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def run_side(command: list[str], threads: int | str) -> dict:
    """What a side prints in its last line, a JSON object; it has so many threads."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
