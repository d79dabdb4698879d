"""Searches whose trainings are scripted: what is found, and what survives which kill."""

import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from search_driver import HERE, search_in

from tasklab.config import assign
from tasklab.errors import ConfigError, TrainingError
from tasklab.trials import trial as trial_module
from tasklab.trials.driver import STUDY_FILE
from tasklab.trials.study import Study
from tasklab.trials.trial import Trial

ROOT = HERE.parents[1]


@pytest.fixture(autouse=True)
def _command(monkeypatch):
    monkeypatch.setattr(trial_module, "COMMAND", trial_module.COMMAND)  # search_in replaces it


def said(folder) -> str:
    return "".join(path.read_text() for path in sorted(Path(folder).glob("trial-*/train.log")))


def test_the_best_trial_is_returned_and_keeps_its_checkpoints(tmp_path):
    best = search_in(tmp_path / "s").run(5)
    lr = best.hyperparameters["optimizer.lr"]
    kept = [path.parent.name for path in tmp_path.glob("s/trial-*/checkpoint-2")]
    assert kept == [f"trial-{best.run_id}"]
    logs = sorted(tmp_path.glob("s/trial-*/train.log"))
    assert len(logs) == 5
    # the script's last score is 1 - |log10 lr + 3| / 10
    assert best.objective == pytest.approx(1 - abs(math.log10(lr) + 3) / 10)


def test_a_function_suggests_in_anybody_s_spelling(tmp_path):
    values = [1e-5, 1e-3, 1e-1]
    best = search_in(tmp_path, lambda trial: {"learning_rate": values[trial.number]}).run(3)
    assert best == ("1", pytest.approx(1.0), {"learning_rate": 1e-3})


def test_a_killed_trial_goes_on_from_its_checkpoint(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("TEST_ACT", "die")
    search = search_in(tmp_path)
    with caplog.at_level(logging.INFO, "tasklab"):
        search.run(2)
    assert search.study.states() == ["COMPLETE"] * 2
    assert [word.split()[0] for word in said(tmp_path).splitlines()] == ["started", "resumed"] * 2
    assert "trial 0 was killed from outside; it goes on from its last checkpoint" in caplog.messages


def test_a_search_whose_driver_is_killed_goes_on_where_it_was(tmp_path):
    environment = os.environ | {"TEST_ACT": "slow", "PYTHONPATH": f"{ROOT}:{HERE}"}
    driver = subprocess.Popen([sys.executable, str(HERE / "search_driver.py"), str(tmp_path / "s")], env=environment)
    end = time.monotonic() + 60
    while len(list(tmp_path.glob("s/trial-*/checkpoint-1/trainer_state.json"))) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    for number in re.findall(r"as (\d+)", said(tmp_path / "s")):  # the trials went with it
        while Path(f"/proc/{number}/cmdline").exists() and Path(f"/proc/{number}/cmdline").read_bytes():
            assert time.monotonic() < end
            time.sleep(0.05)
    search = search_in(tmp_path / "s")
    search.run(4)
    assert search.study.states() == ["COMPLETE"] * 4
    first, second = (said_lines(tmp_path / "s", number) for number in (0, 1))
    assert first == second == ["started", "resumed"]  # the two that ran were continued, not repeated
    assert search.run(4) == search.best()  # nothing is left to do


def test_a_trial_that_ended_while_nobody_looked_is_counted(tmp_path):
    search_in(tmp_path).run(1)
    before = search_in(tmp_path)
    before.study = Study(tmp_path / STUDY_FILE, maximize=True, pruning=True, seed=1)
    number = before.study.ask(before.space)
    trial = Trial(tmp_path / f"trial-{number}")
    trial.plan(assign(before.config.copy(), before.study.hyperparameters(number), "space"))
    trial.start()
    assert trial.process.wait() == 0  # and the search was killed before it could say so
    search = search_in(tmp_path)
    search.run(2)
    assert search.study.states() == ["COMPLETE"] * 2
    assert [line.split()[0] for line in said(tmp_path).splitlines()] == ["started"] * 2


def said_lines(folder, number):
    return [line.split()[0] for line in (folder / f"trial-{number}" / "train.log").read_text().splitlines()]


def test_trials_that_keep_failing_end_the_search_with_their_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ACT", "fail")
    with pytest.raises(TrainingError, match="3 trials in a row failed, the last one with: error: the data is no data"):
        search_in(tmp_path).run(5)


def test_a_hopeless_trial_ends_early(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ACT", "hang")  # a rate below 1e-4 would train for a minute
    search = search_in(tmp_path, lambda trial: {"optimizer.lr": [1e-3, 1e-3, 1e-3, 1e-5][trial.number]})
    search.run(4)
    assert search.study.states() == ["COMPLETE"] * 3 + ["PRUNED"]
    assert len(said_lines(tmp_path, 3)) == 1 and not (tmp_path / "trial-3" / "checkpoint-2").exists()


def test_a_trial_that_has_made_its_last_step_is_complete_however_poor(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ACT", "linger")
    search = search_in(tmp_path, lambda trial: {"optimizer.lr": [1e-3, 1e-3, 1e-3, 1e-5][trial.number]})
    search.run(4)
    assert search.study.states() == ["COMPLETE"] * 4


def test_of_trials_with_one_score_the_one_with_the_smaller_loss_is_the_best(tmp_path):
    study = Study(tmp_path / STUDY_FILE, maximize=True, pruning=False, seed=1)
    space = search_in(tmp_path).space
    for value, loss in [(1.0, None), (1.0, 0.3), (1.0, 0.1), (1.0, 0.1), (0.5, 0.0)]:
        study.complete(study.ask(space), value, loss)
    assert study.best().run_id == "2"  # the first of two that are equal in both keeps its checkpoints


def test_a_trial_counts_by_its_best_evaluation_and_the_loss_there(tmp_path):
    lines = [(0.5, 0.9), (1.0, 0.4), (1.0, 0.2), (1.0, 0.3), (float("nan"), 0.0)]
    records = [{"kind": "evaluate", "accuracy": accuracy, "loss": loss} for accuracy, loss in lines]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert Trial(tmp_path).best_evaluation(lambda metrics: metrics["accuracy"], True) == (1.0, 0.2)
    assert Trial(tmp_path).best_evaluation(lambda metrics: metrics["accuracy"], False) == (0.5, 0.9)


def test_a_folder_holds_one_search(tmp_path):
    search_in(tmp_path).run(1)
    with pytest.raises(ConfigError, match="holds a search with another space; repeat its settings to continue it"):
        search_in(tmp_path, {"optimizer.lr": [1e-3]}).run(1)


def test_a_trial_may_run_where_its_search_was_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(trial_module, "COMMAND", (sys.executable, "-c", "import os; print(os.getcwd())"))
    (tmp_path / "home").mkdir()
    for home, place in ((tmp_path / "home", tmp_path / "home"), (tmp_path / "elsewhere", Path.cwd())):
        begun = Trial(tmp_path, str(home))
        begun.start()
        begun.process.wait()
        assert begun.reason() == str(place)
