"""Stands in for `tasklab train`: evaluations of a known function of the learning rate, written as a run writes them.

Environment: TEST_ACT: die (SIGKILL once, after the first evaluation), fail, slow (sleeps before its end), hang (sleeps
where the rate is low), or linger (has made its last step and takes its time to end).
"""

import json
import math
import os
import signal
import sys
import time
from pathlib import Path

import yaml

words = sys.argv[2:]
resumed = words[0] == "--resume"
folder = Path(words[1]) if resumed else Path(words[0]).parent
plan = yaml.safe_load((folder / "plan.yaml").read_text())
lr, fold = plan["optimizer"]["lr"], plan["data"]["fold"]
act = os.environ.get("TEST_ACT", "")
score = 1 - abs(math.log10(lr) + 3) / 10  # best at 1e-3

print(f"{'resumed' if resumed else 'started'} as {os.getpid()}", file=sys.stderr, flush=True)
if act == "fail":
    print("error: the data is no data", file=sys.stderr)
    sys.exit(1)
for number in range(1 if resumed else 0, 2):
    with open(folder / "metrics.jsonl", "a") as file:
        if act == "linger":
            file.write(json.dumps({"kind": "train", "global_step": number + 1, "seconds_left": 0.0}) + "\n")
        record = {"kind": "evaluate", "global_step": number + 1, "accuracy": score - 0.1 + 0.1 * number}
        file.write(json.dumps(record) + "\n")
    checkpoint = folder / f"checkpoint-{number + 1}"
    checkpoint.mkdir()
    (checkpoint / "trainer_state.json").write_text(json.dumps({"finished": number == 1}))
    (folder / "report").mkdir(exist_ok=True)
    (folder / "report" / "predictions.json").write_text(json.dumps([{"id": str(fold + 3 * i)} for i in (0, 1, 2, 3)]))
    if act == "die" and number == 0 and not resumed:
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "slow" and number == 0 and not resumed or act == "hang" and lr < 1e-4 and number == 0:
        time.sleep(60)
    if act == "linger":
        time.sleep(0.5)
