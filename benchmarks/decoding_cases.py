"""What every side of decoding.py does: all cases twice, of which the faster one counts; one JSON line."""

import json
import time
from pathlib import Path

import numpy as np
from work_batches import peak_mb


def timed_cases(folder: Path, answer, threads: int, **more) -> dict:
    """answer(given [rows, n], beams, new) -> ids of each row, exactly `new` of them."""
    clock = time.process_time if threads == 1 else time.perf_counter
    given, asked, found = np.load(folder / "given.npy"), json.loads((folder / "cases.json").read_text()), []
    for rows, beams in asked["cases"]:
        case = {}
        for key, new in (("begun", 1), ("seconds", asked["new"])):
            best = []
            for _ in range(2):
                start = clock()
                ids = answer(given[:rows], beams, new)
                best.append(clock() - start)
            case |= {key: min(best), "ids": [list(map(int, row)) for row in ids]}
        found.append(case)
    return {"cases": found, "peak_mb": peak_mb(), **more}
