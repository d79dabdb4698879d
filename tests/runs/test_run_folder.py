"""The run folder keeps the best and the last checkpoint apart and never loses either."""

import shutil

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.errors import CheckpointError, ConfigError
from tasklab.runs import folder as folder_module
from tasklab.runs.data_file import remember_data, remembered_data
from tasklab.runs.folder import RunFolder
from tasklab.runs.naming import find_run, new_run
from tasklab.runs.state import TrainerState, read_training_state
from tasklab.weights.atomic import beside
from tasklab.weights.folder import verify_folder

WEIGHTS = {"head.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}
MOMENTS = {"moment1.head.weight": np.ones((2, 3), np.float32)}


def save(run, step, is_best=False, keep=2):
    state, files = TrainerState(global_step=step, total_steps=100), {"config.yaml": b"task: x\n"}
    return run.save(state, WEIGHTS, MOMENTS, files, keep, is_best)


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


def test_a_damaged_best_checkpoint_that_is_the_newest_is_told_once(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 1)
    flip_bit(save(run, 2, is_best=True) / "model.safetensors")
    heard = []
    assert run.best_or_last(heard.append).name == "checkpoint-1"
    assert len(heard) == 1 and "checkpoint-2" in heard[0] and "falling back" in heard[0]


def test_state_and_moments_come_back(tmp_path):
    folder = save(RunFolder(tmp_path), 7)
    state, moments = read_training_state(folder)
    assert state.global_step == 7
    np.testing.assert_array_equal(moments["moment1.head.weight"], MOMENTS["moment1.head.weight"])


def test_a_folder_without_state_says_how_to_start_from_its_weights(tmp_path):
    with pytest.raises(CheckpointError, match="holds no trainer_state.json, so it cannot be resumed; to start from"):
        read_training_state(tmp_path)


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


@pytest.mark.parametrize("name", ["qa[1]", "qa*", "qa?x", "{a,b}", "[!a]", "a.b+c", "sub/qa[1]"])
def test_a_name_with_the_signs_of_patterns_is_found_again(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    config = Config(name=name)
    assert find_run(config) is None
    for number in (1, 2, 3):
        expected = f"output/{name}" + (f"-{number}" if number > 1 else "")
        run = new_run(config)
        assert str(run.path) == expected
        save(run, 1)
        assert str(find_run(config).path) == expected


def test_a_pattern_for_a_name_does_not_find_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(RunFolder("output/qa_1"), 1)
    assert find_run(Config(name="qa_?")) is find_run(Config(name="qa_*")) is None


def test_a_named_output_dir_that_holds_a_run_is_refused(tmp_path):
    save(RunFolder(tmp_path), 1)
    with pytest.raises(ConfigError, match="holds a run already; continue it with --resume"):
        new_run(Config(name="qa_x", output_dir=str(tmp_path)))
    strange = tmp_path / "my run"
    save(RunFolder(strange), 1)
    with pytest.raises(ConfigError, match=f"continue it with --resume '{strange}'"):
        new_run(Config(name="qa_x", output_dir=str(strange)))


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


def rotating(run, step, moment):
    """Makes a run go on, so that checkpoint-<step> is dropped, at the first call of what it returns."""

    def once(folder):
        if folder.name == f"checkpoint-{step}" and folder.is_dir():
            save(run, step + 1, keep=1)
            assert not folder.exists()
        return moment(folder)

    return once


def test_a_checkpoint_that_is_dropped_while_it_is_verified_gives_way_to_the_newer_one(tmp_path, monkeypatch):
    run = RunFolder(tmp_path)
    save(run, 1)
    monkeypatch.setattr(folder_module, "verify_folder", rotating(run, 1, verify_folder))
    assert run.last(pytest.fail).name == "checkpoint-2"  # nothing is damaged, so nothing is said


def test_a_best_checkpoint_that_is_dropped_while_it_is_verified_gives_way_to_the_better_one(tmp_path, monkeypatch):
    run = RunFolder(tmp_path)
    save(run, 1, is_best=True)

    def once(folder):
        if folder.name == "checkpoint-1":
            save(run, 2, is_best=True, keep=1)
            save(run, 3, keep=1)
        return verify_folder(folder)

    monkeypatch.setattr(folder_module, "verify_folder", once)
    assert run.best_or_last(pytest.fail).name == "checkpoint-2"


@pytest.mark.parametrize("best", [True, False])
def test_a_checkpoint_that_is_dropped_while_it_is_read_gives_way_to_the_newer_one(tmp_path, best):
    run, heard = RunFolder(tmp_path), []
    save(run, 1)
    state, _ = run.read(rotating(run, 1, read_training_state), best, heard.append)
    assert state.global_step == 2
    assert heard == [f"{tmp_path}/checkpoint-1 was dropped by its run while it was read; taking the one after it"]


def test_what_is_wrong_with_a_checkpoint_that_is_still_there_is_told(tmp_path):
    run = RunFolder(tmp_path)
    assert run.read(_refusing, False, pytest.fail) is None
    save(run, 1)
    with pytest.raises(ConfigError, match="mine"):
        run.read(_refusing, False, pytest.fail)


def _refusing(folder):
    raise ConfigError("mine")


def test_a_checkpoint_named_itself_that_was_dropped_says_what_to_name(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint folder; a run that goes on drops its old"):
        verify_folder(tmp_path / "checkpoint-1")


def test_a_best_checkpoint_that_is_gone_is_told(tmp_path):
    run, heard = RunFolder(tmp_path), []
    save(run, 4)
    shutil.rmtree(save(run, 8, is_best=True))
    assert run.best_or_last(heard.append).name == "checkpoint-4"
    assert heard == [f"{tmp_path / 'best'} names 'checkpoint-8', which is not there; taking checkpoint-4"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x80", bytes(64), b"../../home", b"a" * 1000])
def test_a_damaged_pointer_to_the_best_names_nothing(content, tmp_path):
    run = RunFolder(tmp_path)
    save(run, 4, is_best=True)
    (tmp_path / "best").write_bytes(content)
    assert run.best() is None
    assert run.best_or_last(lambda text: None).name == "checkpoint-4"


def test_what_killed_runs_left_unfinished_goes_with_the_next_one(tmp_path):
    run = RunFolder(tmp_path)
    save(run, 4)
    left = beside(tmp_path / "checkpoint-7", "tmp")  # of this process, which writes nothing now
    left.mkdir()
    (left / "model.safetensors").write_bytes(bytes(100))
    (tmp_path / ".metrics.jsonl.x1.aside").touch()
    other = tmp_path / ".checkpoint-9.tmp-0123-1-2-3"  # perhaps another machine's
    other.mkdir()
    run.acquire()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [other.name, ".lock", "checkpoint-4"]
    run.release()


@pytest.mark.parametrize("name", ["best", "data.json"])
def test_a_link_in_a_run_is_replaced_and_not_followed(name, tmp_path):
    precious = '{"data.train": null, "data.eval": null}'  # as if another run's
    (tmp_path / "precious").write_text(precious)
    run = RunFolder(tmp_path / "run")
    save(run, 4)
    (run.path / name).symlink_to("../precious")
    run.point_at_best(4)
    remember_data(run.path, "a", None)
    assert (tmp_path / "precious").read_text() == precious
    assert run.best().name == "checkpoint-4" and remembered_data(run.path)["data.train"] == "a"
