"""Every recipe's first losses, scores and answers on tiny data, bit for bit, to tell whether a change kept them.

PYTHONPATH=BEFORE python benchmarks/same_numbers.py record before.json [--recipes GLOB] [--no-dropout]
PYTHONPATH=AFTER  python benchmarks/same_numbers.py record after.json  [--recipes GLOB] [--no-dropout]
python benchmarks/same_numbers.py compare before.json after.json [--recipes GLOB]

BEFORE and AFTER: two checkouts; this file may lie in either, since it calls public names only. Vectors are those of a
classifier trained on the same backbone. Backbones without a recipe are recorded too, as text_classification/<name>.
Exit status of `compare`: 1 when anything differs.
"""

import argparse
import fnmatch
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tiny_jobs import answered, tiny_trainer

STEPS = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("record", "compare"))
    parser.add_argument("files", nargs="+")
    parser.add_argument("--recipes", default="*", help="names, such as 'qa_*'")
    parser.add_argument("--no-dropout", action="store_true", help="where the masks of dropout are meant to change")
    options = parser.parse_args()
    if len(options.files) != {"record": 1, "compare": 2}[options.verb]:
        parser.error("record takes one file, compare takes two")
    if options.verb == "record":
        record(Path(options.files[0]), options.recipes, not options.no_dropout)
        return
    found = compare(*(json.loads(Path(file).read_text()) for file in options.files), options.recipes)
    print("\n".join(found) or "the same bits")
    sys.exit(bool(found))


def record(target: Path, chosen: str, dropout: bool):
    from tasklab import list_models

    models = list_models()
    jobs = {m["name"]: (m["task"], m["name"]) for m in models if m["task"]}
    jobs |= {f"text_classification/{m['name']}": ("text_classification", m["name"]) for m in models if not m["task"]}
    logging.getLogger("tasklab").setLevel(logging.ERROR)
    written = {"commit": _commit(), "dropout": dropout, "recipes": {}}
    with tempfile.TemporaryDirectory() as work:
        os.environ["TASKLAB_CACHE"] = f"{work}/cache"  # nothing encoded by another version
        bench = Bench(Path(work), dropout)
        for name in sorted(fnmatch.filter(jobs, chosen)):
            began = time.perf_counter()
            try:
                written["recipes"][name] = bench.numbers(*jobs[name])
            except Exception as error:  # told in its place, the other recipes go on
                written["recipes"][name] = {"error": f"{type(error).__name__}: {error}".replace(work, "")}
            print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
            target.write_text(json.dumps(written, indent=1) + "\n")


class Bench:
    """Trains recipes below one folder; a configuration that was trained under another name is not trained again."""

    def __init__(self, work: Path, dropout: bool):
        self.work, self.dropout, self.known = work, dropout, {}

    def numbers(self, task: str, model: str) -> dict:
        """losses, metrics, answers, and the digest of the data that they come from."""
        if task != "feature_extraction":
            return self._trained(task, model)[0]
        trainer, data, digest = self._trainer(task, model)
        trained, folder = self._trained("text_classification", trainer.config.checkpoint)
        return {"data": digest, "losses": trained["losses"], **answered(trainer, data, folder)}

    def _trained(self, task: str, model: str) -> tuple[dict, str]:
        trainer, data, digest = self._trainer(task, model)
        key = f"{digest}\n{_nameless(trainer.config)}"
        if key not in self.known:
            trained = trainer.train()
            lines = (Path(trained["output_dir"]) / "metrics.jsonl").read_text().splitlines()
            losses = [line["loss"].hex() for line in map(json.loads, lines) if line["kind"] == "train"]
            folder = trained["last_checkpoint"]
            self.known[key] = {"data": digest, "losses": losses, **answered(trainer, data, folder)}, folder
        return self.known[key]

    def _trainer(self, task: str, model: str):
        """A trainer, its data, and their digest."""
        run = self.work / "runs" / f"{task}-{model}"
        trainer, data = tiny_trainer(task, model, self.work, run, {"train.max_steps": STEPS}, self.dropout)
        digest = hashlib.sha256()
        for path in sorted(p for p in data.rglob("*") if p.is_file()):
            digest.update(str(path.relative_to(data)).encode() + path.read_bytes())
        return trainer, data, digest.hexdigest()


def _nameless(config) -> str:
    """A configuration without what changes no number: names and places."""
    unlike = ("name:", "checkpoint:", "output_dir:", "  train:")
    return "\n".join(line for line in config.to_yaml().splitlines() if not line.startswith(unlike))


def _commit() -> str:
    import tasklab

    folder = Path(tasklab.__file__).parent
    asked = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=folder, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def compare(before: dict, after: dict, chosen: str) -> list[str]:
    """One line per recipe that differs."""
    if before["dropout"] != after["dropout"]:
        return ["one was recorded with dropout, the other without"]
    found = []
    for name in fnmatch.filter(sorted(before["recipes"] | after["recipes"]), chosen):
        old, new = (side["recipes"].get(name, {"error": "not recorded"}) for side in (before, after))
        if "error" in new or "error" in old:
            found += [f"{name}: before {old.get('error', 'fine')}; after {new.get('error', 'fine')}"]
        elif old["data"] != new["data"]:
            found.append(f"{name}: was recorded on other data")
        elif old != new:
            found.append(f"{name}: " + "; ".join(_differing(old, new)))
    return found


def _differing(old: dict, new: dict) -> list[str]:
    pairs = list(zip(old["losses"], new["losses"], strict=True))
    steps = [f"loss of step {i} was {float.fromhex(a)!r}, is {float.fromhex(b)!r}"
             for i, (a, b) in enumerate(pairs, 1) if a != b][:1]  # fmt: skip
    return steps + [f"{key} were {old[key]}, are {new[key]}" for key in ("metrics", "answers") if old[key] != new[key]]


if __name__ == "__main__":
    main()
