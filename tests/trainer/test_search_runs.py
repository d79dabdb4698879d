"""A real search of toy size: what Trainer offers, and what survives kill -9 of the driver and of a trial."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.errors import ConfigError, MissingDependency
from tasklab.trials.study import BestRun

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trainer(tmp_path) -> Trainer:
    data = str(tiny_texts.write_data(tmp_path / "data"))
    vocabulary = str(tiny_qa.write_vocabulary(tmp_path))
    settings = tiny_texts.settings(**{"from_scratch": True, "tokenizer.vocab": vocabulary, "train.epochs": 3})
    return Trainer(settings, "text_classification", "bert_tiny", data, data)


def test_the_best_run_is_applied_in_one_call(trainer):
    trainer.apply(BestRun("3", 0.9, {"learning_rate": 2e-3, "train.batch_size": 8}))
    assert (trainer.config.optimizer.lr, trainer.config.train.batch_size) == (2e-3, 8)


@pytest.mark.parametrize(
    "options, told",
    [
        ({"direction": "up"}, "direction is 'up'; expected maximize or minimize"),
        ({"backend": "grid"}, "backend is 'grid'; expected optuna or ray"),
        ({"hp_space": {"optimizer.lr": "fast"}}, "expected a list of values"),
        ({"subset": 2}, "data.subset is 2; expected a number > 0 and <= 1"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_runs(trainer, options, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        trainer.hyperparameter_search(**options)
    assert not Path("output").exists()


def test_a_search_needs_something_to_compare(trainer):
    trainer.config.data.eval = "no"
    with pytest.raises(ConfigError, match="a search needs data.eval"):
        trainer.hyperparameter_search()
    trainer.config.data.eval = None  # a tenth, other rows for every seed
    with pytest.raises(ConfigError, match="the space varies seed, by which a part of data.train is held out"):
        trainer.hyperparameter_search({"seed": [1, 2]})


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def processes_in(folder: Path) -> list[int]:
    """Trainings that write below `folder`, by what their command line names."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"train" in words and any(word.startswith(str(folder).encode() + b"/") for word in words):
            found.append(int(entry.parent.name))
    return found


FLOW = """
import sys
from tasklab import Trainer

def compute_metrics(given):
    logits, labels = given
    return {"right": (logits.argmax(-1) == labels).mean()}

if __name__ == "__main__":
    trainer = Trainer(
        model_init=lambda: "recipe.yaml", args={"metric_for_best_model": "eval_right"}, train_dataset="data",
        eval_dataset="data", compute_metrics=compute_metrics,
    )
    best = trainer.hyperparameter_search({"learning_rate": [1e-6, 0.01]}, n_trials=2, direction="maximize")
    for name, value in best.hyperparameters.items():
        setattr(trainer.args, name, value)
    done = trainer.train()
    print(best.objective, done["best_metric"], trainer.evaluate()["objective"])
"""


@pytest.mark.slow
def test_the_flow_of_huggingface_runs_as_a_script_with_a_score_of_its_own(trainer, tmp_path):
    (tmp_path / "recipe.yaml").write_text(trainer.config.to_yaml())
    (tmp_path / "flow.py").write_text(FLOW)
    done = subprocess.run(
        [sys.executable, "flow.py"], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    objective, best, again = map(float, done.stdout.split())
    assert objective == best == again, done.stderr
    for number in range(2):
        metrics = tmp_path / f"output/bert_tiny-search/trial-{number}/metrics.jsonl"
        records = [json.loads(line) for line in metrics.read_text().splitlines()]
        found = [record for record in records if record["kind"] == "evaluate"]
        assert found and all(r["right"] == r["accuracy"] == r["objective"] for r in found)


@pytest.mark.slow
def test_trials_survive_the_kill_of_their_driver_and_of_one_of_them(trainer, tmp_path):
    recipe, folder = tmp_path / "recipe.yaml", tmp_path / "search"
    recipe.write_text(trainer.config.to_yaml())
    command = [
        sys.executable, "-m", "tasklab.cli", "search", str(recipe), "--trials", "3", "--parallel", "2",
        "--subset", "0.5", "--no-pruning", "--output", str(folder), "--space", "optimizer.lr=1e-4..1e-2",
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    begun = [(folder / f"trial-{number}") for number in range(3)]
    driver = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    wait_for(lambda: any(begun[1].glob("checkpoint-*")))
    driver.kill()
    driver.wait()
    wait_for(lambda: not processes_in(folder))  # nobody trains unseen

    driver = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: any(begun[2].glob("checkpoint-*")) and processes_in(begun[2]))
    os.kill(processes_in(begun[2])[0], signal.SIGKILL)
    found, said = driver.communicate(timeout=600)
    assert driver.returncode == 0
    assert "trial 2 was killed from outside; it goes on from its last checkpoint" in said
    best = json.loads(found)
    curves = [
        [json.loads(line) for line in (folder / f"trial-{n}" / "metrics.jsonl").read_text().splitlines()]
        for n in range(3)
    ]
    scores = [max(r["accuracy"] for r in records if r["kind"] == "evaluate") for records in curves]
    assert best["objective"] == max(scores)
    assert all([r["epoch"] for r in records if r["kind"] == "evaluate"] == [1, 2, 3] for records in curves)
    trainer.apply(BestRun(**best))
    assert trainer.config.optimizer.lr == best["hyperparameters"]["optimizer.lr"]


def test_ray_is_asked_for_by_name_when_it_is_absent(trainer, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=re.escape('backend="ray" needs Ray Tune: pip install "ray[tune]"')):
        trainer.hyperparameter_search(backend="ray")


@pytest.mark.slow
def test_ray_searches_on_this_machine(trainer, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    trainer.config.train.epochs = 1
    space = {"optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True}, "train.batch_size": [4, 8]}
    best = trainer.hyperparameter_search(space, backend="ray", n_trials=2, output_dir=tmp_path / "search")
    curves = [path.read_text() for path in tmp_path.glob("search/trial-*/metrics.jsonl")]
    scores = [json.loads(line)["accuracy"] for text in curves for line in text.splitlines() if "evaluate" in line]
    assert len(curves) == 2 and best.objective == max(scores)
    assert best.hyperparameters.keys() == space.keys()


@pytest.mark.slow
def test_the_flow_of_other_programs_runs_as_it_is_known(trainer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    data = trainer.config.data.train
    args = {"num_train_epochs": 1, "output_dir": str(tmp_path / "run")}
    first = trainer.config
    trainer = Trainer(model_init=lambda: first, args=args, train_dataset=data, eval_dataset=data)
    best = trainer.hyperparameter_search({"learning_rate": [2e-3]}, n_trials=1, direction="maximize")
    for name, value in best.hyperparameters.items():
        setattr(trainer.args, name, value)
    done = trainer.train()
    assert trainer.args.learning_rate == 2e-3 and done["best_metric"] == best.objective
