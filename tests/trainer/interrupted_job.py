"""A training process that can end itself at a chosen moment: python interrupted_job.py <plan.json>.

The plan: settings (dotted), data, vocab; end (null or {"at": "step" | "sync" | "torn" | "best", "number": n}).
step: after the n-th optimizer step. sync: at the n-th fsync, rename or replace, which a save consists of. torn: there
too, after cutting the file that was being written in half. best: when the n-th `best` pointer would be put in place.
"""

import json
import os
import signal
import sys
from pathlib import Path

from tasklab import Trainer
from tasklab.engine.hooks import Callback


def end_here():
    os.kill(os.getpid(), signal.SIGKILL)


class EndAtStep(Callback):
    def __init__(self, number: int):
        self.left = number

    def on_step_end(self, loop):
        self.left -= 1
        if self.left == 0:
            end_here()


class Announce(Callback):
    """Tells the parent process that training goes on."""

    def on_step_end(self, loop):
        print("step", loop.state.global_step, flush=True)


def end_at_sync(number: int, torn: bool):
    """Replaces the system calls that a save is made of by ones that end the process at the n-th."""
    left = [number]

    def counted(original):
        def call(first, *others, **named):
            left[0] -= 1
            if left[0] == 0:
                if torn and isinstance(first, int):
                    path = os.readlink(f"/proc/self/fd/{first}")
                    if os.path.isfile(path):
                        os.truncate(path, os.path.getsize(path) // 2)
                end_here()
            return original(first, *others, **named)

        return call

    os.fsync, os.rename, os.replace = counted(os.fsync), counted(os.rename), counted(os.replace)


def end_at_best(number: int):
    left, original = [number], os.replace

    def replace(source, target):
        left[0] -= Path(target).name == "best"
        if left[0] == 0:
            end_here()
        return original(source, target)

    os.replace = replace


def main(plan: dict):
    trainer = Trainer(plan["settings"], "question_answering", "bert_tiny", plan["data"], plan["data"])
    trainer.add_callback(Announce())
    end = plan["end"] or {"at": None}
    if end["at"] == "step":
        trainer.add_callback(EndAtStep(end["number"]))
    elif end["at"] in ("sync", "torn"):
        end_at_sync(end["number"], end["at"] == "torn")
    elif end["at"] == "best":
        end_at_best(end["number"])
    begun = any(Path(plan["settings"]["output_dir"]).glob("checkpoint-*"))
    trainer.train(begun)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
