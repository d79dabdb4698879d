"""A run that was killed, stopped or damaged, and resumed, ends with the same bytes as the run that never was."""

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_qa

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STEPS, SAVE, EVERY = 40, 2, 20  # optimizer steps of the run, between two checkpoints, between two evaluations


def environment() -> dict:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


class Job:
    """The same training, as often as wanted: every process continues what is in its folder."""

    def __init__(self, folder: Path, data: Path):
        self.folder, self.output = folder, folder / "run"
        folder.mkdir(parents=True, exist_ok=True)
        settings = tiny_qa.settings(**{
            "from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(folder)),
            "output_dir": str(self.output), "train.max_steps": STEPS, "train.save_steps": SAVE,
            "train.eval_strategy": "steps", "train.eval_steps": EVERY, "train.gradient_accumulation_steps": 2,
            "train.batch_size": 3, "optimizer.lr": 3e-3,
        })  # fmt: skip
        self.plan = {"settings": settings, "data": str(data)}

    def start(self, end=None) -> subprocess.Popen:
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps({**self.plan, "end": end}), encoding="utf-8")
        command = [sys.executable, str(HERE / "interrupted_job.py"), str(plan)]
        return subprocess.Popen(
            command, env=environment(), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, end=None) -> tuple[int, str]:
        """Exit status (-9 after SIGKILL) and what was written to stderr."""
        process = self.start(end)
        _, said = process.communicate(timeout=300)
        return process.returncode, said

    def kill_after(self, seconds: float) -> int:
        """Ends the process from outside, some time after its first step."""
        process = self.start()
        try:
            process.stdout.readline()
            time.sleep(seconds)
            process.kill()
        finally:
            process.communicate(timeout=300)
        return process.returncode

    def checkpoints(self) -> list[Path]:
        return sorted(self.output.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]))

    def result(self) -> dict:
        """Everything that two equal runs share, byte by byte, and the measured values of every step."""
        last = self.checkpoints()[-1]
        records = [json.loads(line) for line in (self.output / "metrics.jsonl").read_text().splitlines()]
        measured = ("kind", "global_step", "epoch", "loss", "lr", "grad_norm", "exact_match", "f1")
        return {
            "last": last.name,
            "best": (self.output / "best").read_text(),
            "kept": [path.name for path in self.checkpoints()],
            "records": [{key: record[key] for key in measured if key in record} for record in records],
            **{name: (last / name).read_bytes() for name in sorted(os.listdir(last))},
        }

    def strangers(self) -> list[str]:
        """What lies in the run folder beside its checkpoints, logs and reports."""
        known = r"checkpoint-\d+|best|metrics\.jsonl|curves(_all)?\.png|(data|baselines)\.json|report|\.lock"
        return [name for name in os.listdir(self.output) if not re.fullmatch(known, name)]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory, squad) -> dict:
    """The result of the run that nobody disturbed."""
    job = Job(tmp_path_factory.mktemp("untouched"), squad)
    status, said = job.run()
    assert status == 0, said
    result = job.result()
    assert result["last"] == f"checkpoint-{STEPS}" and len(result["records"]) == STEPS + STEPS // EVERY
    return result


def differing(one: dict, other: dict) -> list[str]:
    return [key for key in one if one[key] != other.get(key)]


@pytest.mark.slow
def test_killed_ten_times_at_random_moments_it_ends_with_the_same_bytes(untouched, tmp_path, squad):
    job, chance, killed = Job(tmp_path, squad), random.Random(20), 0
    kinds = ["sync", "torn"] * 3 + ["step", "step", "outside", "outside"]  # six of the ten moments lie in a save
    chance.shuffle(kinds)
    for kind in kinds:
        if kind == "outside":
            status = job.kill_after(chance.uniform(0, 0.3))
        else:
            status, said = job.run({"at": kind, "number": chance.randint(1, 5 if kind == "step" else 24)})
            assert status == -signal.SIGKILL, said
        killed += status == -signal.SIGKILL
    assert killed == 10
    status, said = job.run()
    assert status == 0, said
    assert differing(untouched, job.result()) == []
    assert job.strangers() == []


@pytest.mark.slow
def test_the_best_checkpoint_is_still_known_after_a_kill_before_its_pointer_moved(untouched, tmp_path, squad):
    job = Job(tmp_path, squad)
    status, said = job.run({"at": "best", "number": 1})
    assert status == -signal.SIGKILL, said
    assert not (job.output / "best").exists()
    status, said = job.run()
    assert status == 0, said
    assert differing(untouched, job.result()) == []


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "file lost"])
def test_a_damaged_newest_checkpoint_is_passed_over_aloud(damage, untouched, tmp_path, squad):
    job = Job(tmp_path, squad)
    job.run({"at": "step", "number": 15})
    newest = job.checkpoints()[-1]
    victim = newest / ("optimizer.safetensors" if damage == "truncated" else "model.safetensors")
    content = bytearray(victim.read_bytes())
    if damage == "truncated":
        victim.write_bytes(content[: len(content) // 2])
    elif damage == "bit flipped":
        content[-100] ^= 4
        victim.write_bytes(content)
    else:
        victim.unlink()
    status, said = job.run()
    assert status == 0, said
    assert f"{newest.name}" in said and "falling back to the checkpoint before it" in said and victim.name in said
    assert differing(untouched, job.result()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "statuses"), [
    (signal.SIGTERM, {143}),
    (signal.SIGINT, {130, 143}),  # inside a graph MindSpore turns SIGINT into a SIGTERM to itself
])  # fmt: skip
def test_a_signal_saves_and_tells_the_command_that_continues(number, statuses, untouched, tmp_path, squad):
    job = Job(tmp_path, squad)
    words = [f"{key}={value}" for key, value in job.plan["settings"].items() if key != "output_dir"]
    words += [f"data.train={squad}", f"data.eval={squad}", "train.save_steps=1000"]
    program = [sys.executable, "-m", "tasklab.cli"]
    where = {"env": environment(), "cwd": tmp_path, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([*program, "train", "qa_bert_tiny_uncased", *words], **where)
    said = ""
    for line in process.stderr:
        said += line
        if "global step 3," in line:
            process.send_signal(number)
            break
    said += process.communicate(timeout=300)[1]
    assert process.returncode in statuses, said
    assert "everything is saved" in said and "Traceback" not in said
    command = shlex.split(re.search(r"Continue with: tasklab (.*)", said)[1])
    done = subprocess.run([*program, *command], **where, timeout=300)
    assert done.returncode == 0, done.stderr
    job.output = next((tmp_path / "output").iterdir())
    result = job.result()
    assert result["model.safetensors"] == untouched["model.safetensors"]
    assert result["optimizer.safetensors"] == untouched["optimizer.safetensors"]
    assert result["records"] == untouched["records"]
