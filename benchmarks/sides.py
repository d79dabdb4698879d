"""Sides of a comparison, each in a fresh process."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

HERE = Path(__file__).parent


def run_side(command: list[str], threads: int | str) -> dict:
    """What a side prints in its last line, a JSON object; it has so many threads."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turn(commands: dict[str, list[str]], job: dict, rounds: int, threads: int | str) -> dict[str, list[dict]]:
    """Side -> what it prints in each round; every command gets the path of job.json as its last word.

    The folder of job.json is theirs: the first side's first run may write down there what the others read.
    """
    runs: dict[str, list[dict]] = {side: [] for side in commands}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job))
        for _ in range(rounds):
            for side, command in commands.items():
                runs[side].append(run_side([*command, str(path)], threads))
    return runs


def tell(runs: dict[str, list[dict]], rows: int):
    """Prints medians over the rounds of what `work_batches.of_steps` tells of steps of so many rows, and how far the
    losses of the first rounds are apart."""
    print("| side | rows/s | processor s a step | first step s | MB |")
    print("|---|---|---|---|---|")
    for side, rounds in runs.items():
        middle = {key: median(run[key] for run in rounds) for key in rounds[0] if key != "losses"}
        took, processor = middle["seconds_of_a_step"], middle["processor_seconds"]
        first, peak = middle["first_step"], middle["peak_mb"]
        print(f"| {side} | {rows / took:.0f} | {processor:.3f} | {first:.1f} | {peak:.0f} |")
    one, other = (rounds[0]["losses"] for rounds in runs.values())
    apart = np.abs(np.subtract(one, other)).max()
    print(f"{len(one)} losses, {one[0]:.6f} to {one[-1]:.6f}, differ by at most {apart:.1e}")
