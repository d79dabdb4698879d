"""A path with nothing there is answered with what lies beside it."""

import re

import pytest

from tasklab.config.absent import beside
from tasklab.config.models import origin_of
from tasklab.errors import CheckpointError, UnknownName
from tasklab.runs.naming import refuse_absent


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
    with pytest.raises(UnknownName, match="no model named 'elsewhere/qa_demo'. Known: albert.* hf:elsewhere/qa_demo "):
        origin_of("elsewhere/qa_demo")


def test_a_run_named_without_its_folder_is_found_among_the_runs(output):
    with pytest.raises(UnknownName, match="did you mean 'output/qa_demo'[?] output/ holds qa_demo, txtcls_demo, txt"):
        origin_of("qa_dmo")


def test_without_any_run_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName, match="^output/qa: no such run or model; there is no folder output/ here$"):
        origin_of("output/qa")


@pytest.mark.parametrize(
    "name, told",
    [
        ("output/qa_dem", "no such folder; did you mean 'output/qa_demo'? output/ holds qa_demo"),
        ("qa_demo", "no such folder; did you mean 'output/qa_demo'? output/ holds qa_demo"),
        ("output/file", "a file; name the folder of a run, or of a checkpoint in it"),
    ],
)
def test_a_run_to_be_resumed_that_is_not_there_is_told_with_those_that_are(name, told, output):
    (output / "file").touch()
    with pytest.raises(CheckpointError, match=f"^{re.escape(f'{name}: {told}')}"):
        refuse_absent(name)


def test_the_message_does_not_grow_with_the_folder(tmp_path):
    for number in range(100):
        (tmp_path / f"run-{number:03}").mkdir()
    told = beside(tmp_path / "run-077x")
    assert "holds run-077, " in told and told.endswith("and 88 more")
