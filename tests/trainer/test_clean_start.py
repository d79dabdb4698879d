"""A fresh interpreter: names are there at once, and a run leaves nothing outside its folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_qa

from tasklab.cachedir import cache_dir

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import json, sys
from pathlib import Path
sys.path[:0] = json.loads(sys.argv[1])
import tiny_qa
settings = tiny_qa.settings(**{
    "from_scratch": True, "tokenizer.vocab": str(Path("given/vocab.txt").resolve()), "train.max_steps": 1,
    "output_dir": "result",
})
"""
TRAIN = PRELUDE + """
from tasklab import Trainer
trainer = Trainer(settings, "question_answering", "bert_tiny", "given/squad", "given/squad")
trainer.train()
trainer.evaluate(True)
print(trainer.predict(True, input_data=tiny_qa.QUESTION))
"""
BREAK = PRELUDE + """
from mindspore import nn, ops
from tasklab import Trainer
from tasklab.encoders import ENCODERS

class Broken(nn.Cell):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(300, 16)

    def construct(self, input_ids, attention_mask, token_type_ids):
        return ops.matmul(self.table(input_ids), self.table(input_ids))  # [B, S, 16] x [B, S, 16] does not fit

ENCODERS.register("broken")(lambda model, **others: Broken())
settings["model.encoder"] = "broken"
try:
    Trainer(settings, "question_answering", "bert_tiny", "given/squad", "given/squad").train()
except Exception as error:
    print("failed:", type(error).__name__, str(error)[:200])
"""


def fresh(code: str, *arguments: str, **environment) -> subprocess.CompletedProcess:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])} | environment
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=env, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("code", [
    "import tasklab",
    "import tasklab; tasklab.Trainer; tasklab.list_models(); tasklab.list_tasks",
    "import contextlib, tasklab.cli\nwith contextlib.suppress(SystemExit): tasklab.cli.main(['--help'])",
])  # fmt: skip
def test_nothing_heavy_is_imported_before_there_is_work(code):
    heavy = "('mindspore', 'mindformers', 'torch', 'matplotlib', 'tokenizers', 'safetensors')"
    done = fresh(f"{code}\nimport sys\nprint('heavy:', [name for name in {heavy} if name in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy: []"
    assert os.listdir() == []


def _prepare() -> tuple[str, dict]:
    for name in ("home", "temporary"):
        Path(name).mkdir()
    tiny_qa.write_data(Path("given/squad"))
    tiny_qa.write_vocabulary(Path("given"))
    places = {"HOME": str(Path("home").resolve()), "TMPDIR": str(Path("temporary").resolve())}
    return f'["{Path(__file__).parent}"]', places | {"TASKLAB_CACHE": str(cache_dir())}


def _listing() -> list[str]:
    """Every file below the working directory, except what tasklab was told to write and matplotlib's font cache."""
    found = [p for p in Path().rglob("*") if p.is_file() and p.parts[0] not in ("given", "result")]
    return sorted(str(p) for p in found if p.parent.name != "matplotlib")


@pytest.mark.slow
def test_a_run_leaves_nothing_outside_its_folder():
    folder, places = _prepare()
    done = fresh(TRAIN, folder, **places)
    assert done.returncode == 0, done.stderr
    assert "'start'" in done.stdout
    assert _listing() == []
    assert sorted(os.listdir()) == ["given", "home", "result", "temporary"]
    assert {"best", "checkpoint-1", "curves.png", "metrics.jsonl"} <= set(os.listdir("result"))


@pytest.mark.slow
def test_a_network_that_does_not_compile_leaves_nothing_outside_the_run_either():
    folder, places = _prepare()
    done = fresh(BREAK, folder, **places)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("failed: ")
    assert _listing() == []
    assert sorted(os.listdir()) == ["given", "home", "temporary"]  # nor the run, in which nothing began
