"""What the catalog reads of a YAML beside its settings: the default recipe of a task."""

import pytest

from tasklab.config import default_model, list_models, marked_models, resolve
from tasklab.errors import ConfigError

SIZES = "model: {vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16}\n"


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """recipe(name, lines): writes a recipe of the task `tagging` into an otherwise empty catalog."""
    monkeypatch.setattr("tasklab.config.catalog.configs_root", lambda: tmp_path / "configs")

    def write(name, lines=""):
        path = tmp_path / "configs" / "tagging" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\ntask: tagging\n{lines}{SIZES}", encoding="utf-8")

    return write


def test_every_task_that_ships_has_one_default():
    tasks = {model["task"] for model in list_models() if model["task"]}
    assert len(tasks) >= 8
    assert set(marked_models("default")) == tasks
    assert default_model("question_answering") == "qa_minilm_l6"


def test_the_marked_recipe_stands_for_its_task(recipe):
    recipe("small")
    recipe("middle", "default: true   # quick and good\n")
    assert default_model("tagging") == "middle"


def test_the_mark_is_no_setting_and_is_not_handed_down(recipe):
    recipe("middle", "default: true\n")
    recipe("large", "base: middle\n")
    assert default_model("tagging") == "middle"
    assert resolve(model="large").model.hidden_size == 8


def test_a_default_that_says_no_is_none(recipe):
    recipe("small", "default: false\n")
    recipe("large")
    with pytest.raises(ConfigError) as told:
        default_model("tagging")
    assert str(told.value) == (
        "tagging has no default recipe, so name a model; recipes of tagging: large, small"
    )


def test_two_defaults_of_one_task_are_told_with_both_files(recipe):
    recipe("small", "default: true\n")
    recipe("large", "default: true\n")
    with pytest.raises(ConfigError) as told:
        list_models()
    assert str(told.value) == (
        "tagging has two recipes with 'default: true': configs/tagging/large.yaml and configs/tagging/small.yaml; "
        "take it out of one"
    )
