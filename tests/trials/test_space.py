"""What can be tried, and how it is written."""

import pytest

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.trials.space import Choice, Range, default_space, read_space
from tasklab.trials.study import Study


@pytest.fixture
def config():
    sizes = dict(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    config = Config.create(name="tiny", task="labels", model=sizes)
    config.optimizer.lr, config.train.epochs, config.train.batch_size = 1e-3, 3, 32
    return config


def test_texts_files_and_mappings_say_the_same(config, tmp_path):
    expected = {
        "optimizer.lr": Range(1e-5, 1e-3, log=True), "train.epochs": Range(1, 5), "train.batch_size": Choice((8, 16)),
    }  # fmt: skip
    path = tmp_path / "space.yaml"
    path.write_text("optimizer.lr: {low: 1e-5, high: 1e-3, log: true}\ntrain.epochs: {low: 1, high: 5}\n"
                    "train.batch_size: [8, 16]\n")  # fmt: skip
    assert read_space(path, config) == expected
    assert read_space(["optimizer.lr=1e-5..1e-3", "train.epochs=1..5", "train.batch_size=[8, 16]"], config) == expected


def test_without_a_space_the_recipe_is_its_middle(config):
    assert default_space(config) == {
        "optimizer.lr": Range(pytest.approx(2e-4), pytest.approx(5e-3), log=True), "train.epochs": Range(1, 5),
        "train.batch_size": Choice((16, 32, 64)), "schedule.warmup_ratio": Range(0.0, 0.2),
    }  # fmt: skip


def test_huggingface_s_names_are_settings_too(config):
    assert read_space({"num_train_epochs": [1, 2]}, config) == {"num_train_epochs": Choice((1, 2))}


@pytest.mark.parametrize(
    "source, told",
    [
        ({"optimizer.lrr": [1.0]}, "search space, optimizer.lrr: unknown key 'optimizer.lrr'; did you mean 'lr'"),
        ({"train.epochs": [1, "many"]}, "search space, train.epochs: train.epochs is 'many'; expected an integer"),
        ({"train.epochs": {"low": 0, "high": 3}}, "train.epochs is 0; expected an integer >= 1"),
        ({"optimizer.lr": {"low": 0, "high": 1, "log": True}}, "above 0 for log"),
        ({"optimizer.lr": {"low": 2, "high": 1}}, "low <= high"),
        ({"optimizer.lr": {"min": 1, "max": 2}}, "expected a list of values, or low..high"),
        ({"optimizer.lr": 1e-3}, "expected a list of values, or low..high"),
        (["optimizer.lr=fast"], "search space, optimizer.lr: 'fast'; expected a list of values"),
        ({}, "the search space is empty"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(config, source, told):
    with pytest.raises(ConfigError) as error:
        read_space(source, config)
    assert told in str(error.value)


def test_a_file_that_is_none_is_refused(config, tmp_path):
    with pytest.raises(ConfigError, match="none.yaml: cannot be read as a search space"):
        read_space(tmp_path / "none.yaml", config)
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ConfigError, match="list.yaml: expected lines such as optimizer.lr"):
        read_space(tmp_path / "list.yaml", config)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text, told",
    [
        ("optimizer.lr: {low: 1.0e-5, high: , log: true}", "search space, optimizer.lr: {.*low and high both need"),
        (LAUGHS, "once aliases are expanded"),
        ("optimizer.lr: &a [*a]", "once aliases are expanded"),
        ("optimizer.lr: [" + "9" * 5000 + "]", "cannot be read as a search space"),
        ("optimizer.lr: {low: 1, high: .inf}", "low <= high"),
        ("train.epochs: {low: 1, high: 4, step: 0}", "a step above 0"),
    ],
)
def test_a_space_that_cannot_be_is_told_at_once(text, told, config, tmp_path):
    (tmp_path / "space.yaml").write_text(text)
    with pytest.raises(ConfigError, match=told) as error:
        read_space(tmp_path / "space.yaml", config)
    assert len(str(error.value)) < 1000


def test_a_damaged_study_is_told_with_its_file(tmp_path):
    file = tmp_path / "study.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match="study.sqlite3: cannot be read as the study of a search .file is not a data"):
        Study(file, maximize=True, pruning=False, seed=1)
    assert file.read_bytes().startswith(b"no database")
