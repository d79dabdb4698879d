"""A path with nothing there is answered with what lies beside it."""

import re

import pytest

from tasklab.config.absent import beside
from tasklab.config.models import origin_of
from tasklab.errors import UnknownName


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("qa_demo", "txtcls_demo", "txtcls_demo-2", ".lock"):
        (tmp_path / "output" / name).mkdir(parents=True)
    return tmp_path / "output"


def test_a_mistyped_run_is_answered_with_the_runs_there(output):
    told = "output/qa_dem: no such run or model; did you mean 'output/qa_demo'? "
    told += "output/ holds qa_demo, txtcls_demo, txtcls_demo-2"
    with pytest.raises(UnknownName, match=f"^{re.escape(told)}$"):
        origin_of("output/qa_dem")


def test_a_run_unlike_any_other_is_answered_too(output):
    told = "output/zzz: no such run or model. output/ holds qa_demo, txtcls_demo, txtcls_demo-2"
    with pytest.raises(UnknownName, match=f"^{re.escape(told)}$"):
        origin_of("output/zzz")


def test_without_such_a_folder_the_known_names_are_told(output):
    with pytest.raises(UnknownName, match="no model named 'elsewhere/qa_demo'. Known: albert"):
        origin_of("elsewhere/qa_demo")


def test_the_message_does_not_grow_with_the_folder(tmp_path):
    for number in range(100):
        (tmp_path / f"run-{number:03}").mkdir()
    told = beside(tmp_path / "run-077x")
    assert "holds run-077, " in told and told.endswith("and 88 more")
