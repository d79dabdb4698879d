"""States of older formats are read, those of newer ones and strangers are refused with a reason."""

import json
import re
from pathlib import Path

import pytest

from tasklab.errors import CheckpointError
from tasklab.runs.state import FORMAT, TrainerState

PATH = Path("run/checkpoint-3/trainer_state.json")
OLD = {"global_step": 3, "epoch": 1, "step_in_epoch": 1, "total_steps": 6, "plan": {"rows": 6}}


def read(**values):
    return TrainerState.from_json(json.dumps(values), PATH)


def test_a_state_comes_back_as_it_was():
    state = TrainerState(3, 1, 1, 6, 0.1 + 0.2, 3, 2, 1.5, {"losses": [0.25]}, {"rows": 6}, True, 2)
    assert TrainerState.from_json(state.to_json(), PATH) == state
    assert json.loads(state.to_json())["format_version"] == FORMAT


def test_a_state_without_a_version_is_of_format_1_and_what_it_does_not_know_takes_its_default():
    assert read(**OLD) == TrainerState(3, 1, 1, 6, plan={"rows": 6}, format_version=1)


def test_a_newer_format_is_refused_with_the_way_on():
    newer = FORMAT + 1
    with pytest.raises(CheckpointError) as error:
        read(**OLD, format_version=newer, something_new=1)
    assert str(error.value) == (
        f"{PATH}: format_version {newer} is of a newer tasklab, this one reads up to {FORMAT}; "
        "update tasklab, or start from the weights alone with --from run/checkpoint-3"
    )


@pytest.mark.parametrize("version", [{}, {"format_version": FORMAT}], ids=["older", "same"])
def test_a_field_that_this_format_does_not_have_is_refused_by_name(version):
    with pytest.raises(CheckpointError, match=r"format_version \d \(rollout is not known\)"):
        read(**OLD, **version, rollout=1)


def test_without_its_place_in_the_run_a_state_is_refused():
    with pytest.raises(CheckpointError, match=r"\(global_step is missing, plan is missing\)"):
        read(epoch=1, step_in_epoch=1, total_steps=6)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"format_version": "new"}', '{"format_version": null}'])
def test_what_is_no_state_is_told(text):
    with pytest.raises(CheckpointError, match="not a trainer state"):
        TrainerState.from_json(text, PATH)


@pytest.mark.parametrize(
    "values",
    [
        {"step_in_epoch": -1}, {"step_in_epoch": 5000}, {"global_step": None}, {"global_step": "x"}, {"global_step": 7},
        {"global_step": 10**400}, {"epoch": -1}, {"epoch": "x"}, {"epoch": 2**40}, {"loss_sum": "x"}, {"plan": None},
        {"log_window": None}, {"log_window": {"losses": ["x"]}}, {"finished": 1}, {"best_step": -4},
        {"best_metric": []}, {"best_loss": "x"}, {"total_steps": 1.5}, {"dropout_version": {}},
        {"evaluations_without_gain": True},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_with_its_name(values):
    (name,) = values
    with pytest.raises(CheckpointError, match=rf"^{re.escape(str(PATH))}: .*{name}.*no training writes"):
        read(**(OLD | values))
