"""The run folder keeps the best and the last checkpoint apart and never loses either."""

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.errors import CheckpointError, ConfigError
from tasklab.runs.folder import RunFolder
from tasklab.runs.naming import find_run, new_run
from tasklab.runs.state import TrainerState, read_training_state

WEIGHTS = {"head.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}
MOMENTS = {"moment1.head.weight": np.ones((2, 3), np.float32)}


def save(run, step, is_best=False, keep=2):
    return run.save(TrainerState(global_step=step), WEIGHTS, MOMENTS, {"config.yaml": b"task: x\n"}, keep, is_best)


def flip_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def names(run):
    return [path.name for path in run.checkpoints()]


def test_old_checkpoints_go_but_the_best_stays(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 10, is_best=True)
    for step in (20, 30, 40):
        save(run, step)
    assert names(run) == ["checkpoint-10", "checkpoint-30", "checkpoint-40"]
    assert run.best().name == "checkpoint-10"


def test_steps_are_ordered_as_numbers(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 9)
    save(run, 10)
    assert names(run) == ["checkpoint-9", "checkpoint-10"]


def test_a_damaged_last_checkpoint_falls_back_aloud(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 1)
    flip_bit(save(run, 2) / "model.safetensors")
    heard = []
    assert run.last(heard.append).name == "checkpoint-1"
    assert "model.safetensors" in heard[0] and "falling back" in heard[0]


def test_a_truncated_best_checkpoint_falls_back_to_the_last(tmp_path):
    run = RunFolder(tmp_path)
    best = save(run, 1, is_best=True)
    save(run, 2)
    with open(best / "model.safetensors", "r+b") as file:
        file.truncate(20)
    heard = []
    assert run.best_or_last(heard.append).name == "checkpoint-2"
    assert heard


def test_state_and_moments_come_back(tmp_path):
    folder = save(RunFolder(tmp_path), 7)
    state, moments = read_training_state(folder)
    assert state.global_step == 7
    np.testing.assert_array_equal(moments["moment1.head.weight"], MOMENTS["moment1.head.weight"])


def test_a_folder_without_state_says_how_to_start_from_its_weights(tmp_path):
    with pytest.raises(CheckpointError, match="holds no trainer_state.json, so it cannot be resumed; to start from"):
        read_training_state(tmp_path)


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    first.acquire()
    with pytest.raises(ConfigError, match="in use by another run"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_new_runs_are_numbered_and_the_newest_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = Config(name="qa_x")
    assert str(new_run(config).path) == "output/qa_x"
    save(new_run(config), 1)
    assert str(new_run(config).path) == "output/qa_x-2"
    save(new_run(config), 1)
    save(RunFolder("output/qa_x_other"), 1)  # another model whose name begins alike
    assert find_run(config).path.name == "qa_x-2"
    assert str(new_run(config).path) == "output/qa_x-3"


def test_a_named_output_dir_that_holds_a_run_is_refused(tmp_path):
    save(RunFolder(tmp_path), 1)
    with pytest.raises(ConfigError, match="holds a run already; continue it with --resume"):
        new_run(Config(name="qa_x", output_dir=str(tmp_path)))


def test_going_back_to_an_earlier_step_does_not_drop_what_is_written(tmp_path):
    run = RunFolder(tmp_path)
    for step in (10, 20, 30):
        save(run, step, keep=None)
    save(run, 15, keep=1)  # resumed from 10
    assert names(run) == ["checkpoint-15", "checkpoint-20", "checkpoint-30"]


def test_what_a_kill_left_of_a_dropped_checkpoint_is_no_obstacle(tmp_path):
    run = RunFolder(tmp_path)
    left = tmp_path / ".checkpoint-1.dropped"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    for step in (1, 2):
        save(run, step, keep=1)
    assert names(run) == ["checkpoint-2"]
    assert not list(tmp_path.glob(".checkpoint-*"))


def test_a_best_pointer_lost_in_a_kill_is_written_with_the_next_checkpoint(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 1, is_best=True)
    save(run, 2)  # was the best, but the pointer still says 1
    run.save(TrainerState(global_step=3, best_step=2), WEIGHTS, MOMENTS, {}, 1, False)
    assert run.best().name == "checkpoint-2"
    assert names(run) == ["checkpoint-2", "checkpoint-3"]
