from pathlib import Path

from tasklab.cachedir import cache_dir


def test_the_first_setting_decides(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("TASKLAB_CACHE")
    assert cache_dir() == Path("/xdg/tasklab")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_dir() == Path("/home/ada/.cache/tasklab")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path("/home/ada/.cache/tasklab")
    monkeypatch.setenv("TASKLAB_CACHE", "~/cache")
    assert cache_dir() == Path("/home/ada/cache")
