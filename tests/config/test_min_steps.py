"""Whether a recipe's least number of steps holds: whoever says how long a run is, has that."""

import pytest

from tasklab.config import Arguments, default_model, resolve
from tasklab.data.texts.settings import TextDataConfig

DEFAULTS = {"train": {"epochs": 3, "min_steps": 200, "batch_size": 32}}


def resolved(*overrides, model="txtcls_minilm_l6", args=None):
    return resolve(
        task="text_classification", model=model, overrides=overrides, args=args, defaults=DEFAULTS,
        data_class=TextDataConfig,
    )  # fmt: skip


@pytest.mark.parametrize(
    "args, overrides, least",
    [
        (None, [], 200),
        (None, ["optimizer.lr=1e-4"], 200),
        (None, ["train.epochs=3"], None),  # also where it is what the recipe says
        ({"num_train_epochs": 5}, [], None),
        (None, ["train.max_steps=60"], None),
        (None, ["train.max_steps=null"], 200),
        (None, ["train.min_steps=50"], 50),
        (None, ["train.min_steps=null"], None),
        (None, ["train.epochs=3", "train.min_steps=50"], 50),  # both are asked for, in either order
        (None, ["train.min_steps=200", "train.epochs=3"], 200),
        ({"train": {"epochs": 5}}, ["train.min_steps=50"], 50),
        ({"train": {"min_steps": 50}}, ["train.epochs=5"], None),
    ],
)
def test_epochs_by_hand_are_the_law(args, overrides, least):
    assert resolved(*overrides, args=args).train.min_steps == least


@pytest.mark.parametrize("model", ["bert_tiny", "txtcls_small_chinese", "txtcls_minilm_l6_wnli"])
def test_epochs_of_a_recipe_stand_beside_the_least_number(model):
    assert resolved(model=model).train.min_steps == 200


def test_a_recipe_may_do_without():
    assert resolved(model="txtcls_demo").train.min_steps is None


@pytest.mark.parametrize(
    "said, least", [("train: {epochs: 5}", None), ("optimizer: {lr: 1.0e-4}", 200), ("train: {batch_size: 8}", 200)]
)
def test_epochs_in_a_file_of_one_s_own_are_by_hand(tmp_path, said, least):
    path = tmp_path / "mine.yaml"
    path.write_text(f"base: txtcls_minilm_l6\n{said}\n")
    assert resolved(model=path).train.min_steps == least


def test_what_is_written_down_is_read_back(tmp_path):
    path = tmp_path / "plan.yaml"
    for overrides, least in [([], 200), (["train.epochs=3"], None)]:
        path.write_text(resolved(*overrides).to_yaml())
        assert resolved(model=path).train.min_steps == least


@pytest.mark.parametrize("values, least", [({}, 200), ({"epochs": 5}, None), ({"min_steps": None}, None)])
def test_a_model_that_was_trained_brings_its_own_length(tmp_path, values, least):
    """A folder from before there was a least number says nothing of it, and keeps its epochs."""
    config = resolved()
    for key, value in values.items():
        config.train[key] = value
    text = config.to_yaml()
    folder = tmp_path / "checkpoint-8"
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    assert resolved(model=folder).train.min_steps == least
    (folder / "config.yaml").write_text(text.replace("  min_steps: 200\n", ""))
    assert resolved(model=folder).train.min_steps is None
    assert resolved("train.epochs=9", model=folder).train.min_steps is None


def test_setting_the_epochs_of_a_configuration_is_by_hand():
    config = resolved()
    config.train.epochs = 3
    assert config.train.min_steps is None
    config = resolved()
    Arguments(config).num_train_epochs = 3
    assert config.train.min_steps is None
    config.train.min_steps = 50
    assert (config.train.epochs, config.train.min_steps) == (3, 50)


def test_every_recipe_of_the_same_size_has_one():
    assert default_model("text_classification") == "txtcls_minilm_l6"
    assert resolved(model=default_model("text_classification")).train.min_steps == 200
