"""One process holds a run's folder; a training that begins nothing leaves nothing."""

import fcntl

import pytest

from tasklab import system
from tasklab.errors import ConfigError
from tasklab.runs.data_file import remember_data, remembered_data
from tasklab.runs.lock import RunLock


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    first.acquire()
    with pytest.raises(ConfigError, match="in use by another run"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_folder_in_which_nothing_began_is_gone_with_the_ones_made_for_it(tmp_path):
    lock = RunLock(tmp_path / "output" / "qa")
    lock.acquire()
    remember_data(lock.folder, "/data/train.json", None)
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_or_came_in_stays(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    lock = RunLock(mine)
    lock.acquire()
    lock.release()
    assert list(mine.iterdir()) == []
    lock = RunLock(mine / "deep" / "er")
    lock.acquire()
    (mine / "deep" / "beside").touch()
    lock.release()
    assert [path.name for path in (mine / "deep").iterdir()] == ["beside"]
    lock = RunLock(mine / "run")
    lock.acquire()
    (mine / "run" / "metrics.jsonl").touch()
    lock.release()
    assert sorted(path.name for path in (mine / "run").iterdir()) == [".lock", "metrics.jsonl"]


def test_a_refused_run_in_a_folder_of_mine_takes_nothing_of_mine_away(tmp_path):
    for name in ("data.json", ".gitkeep"):
        (tmp_path / name).touch()
    lock = RunLock(tmp_path)
    lock.acquire()
    lock.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitkeep", "data.json"]


def test_data_of_mine_is_not_overwritten_with_where_the_data_is(tmp_path):
    remember_data(tmp_path, "/data/train.json", None)
    remember_data(tmp_path, "/data/other.json", None)  # its own
    assert remembered_data(tmp_path) == {"data.train": "/data/other.json", "data.eval": None}
    (tmp_path / "data.json").write_text('{"data": []}')
    with pytest.raises(
        ConfigError, match="data.json is not of a run of tasklab and would be overwritten; choose another"
    ):
        remember_data(tmp_path, "/data/train.json", None)
    assert (tmp_path / "data.json").read_text() == '{"data": []}'


def test_a_folder_left_by_a_kill_before_anything_began_goes_with_the_next_refusal(tmp_path):
    killed = tmp_path / "qa"
    killed.mkdir()
    (killed / ".lock").touch()
    lock = RunLock(killed)
    lock.acquire()
    lock.release()
    assert not killed.exists()


def test_a_lock_file_that_its_holder_has_removed_is_no_lock(tmp_path, monkeypatch):
    first, second, third = (RunLock(tmp_path / "run") for _ in range(3))
    first.acquire()

    def flock(file, how):
        first.release()  # between the second's opening of the file and its locking
        return fcntl_flock(file, how)

    fcntl_flock = fcntl.flock
    monkeypatch.setattr(system.fcntl, "flock", flock)
    second.acquire()
    monkeypatch.undo()
    assert second.path.exists()
    with pytest.raises(ConfigError, match="in use by another run"):
        third.acquire()
    second.release()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="output_dir .*/file/run: Not a directory; choose a folder you may write to"):
        RunLock(tmp_path / "file" / "run").acquire()


def test_a_lock_that_is_a_link_is_refused_and_what_it_names_stays(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to("../precious")
    with pytest.raises(ConfigError, match="run/.lock: a link, which no run makes"):
        RunLock(tmp_path / "run").acquire()
    assert (tmp_path / "precious").read_text() == "precious"
