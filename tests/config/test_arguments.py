"""trainer.args: a configuration read and set under HuggingFace's names."""

import copy

import pytest

from tasklab.config import Arguments, Config
from tasklab.errors import ConfigError


@pytest.fixture
def config() -> Config:
    sizes = dict(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    return Config.create(name="a", task="text_classification", model=sizes)


@pytest.mark.parametrize(
    "theirs, ours, value",
    [
        ("learning_rate", "optimizer.lr", 3e-5), ("num_train_epochs", "train.epochs", 5),
        ("per_device_train_batch_size", "train.batch_size", 8), ("warmup_ratio", "schedule.warmup_ratio", 0.2),
        ("lr_scheduler_type", "schedule.name", "cosine"), ("seed", "seed", 7), ("optimizer.lr", "optimizer.lr", 1e-4),
    ],
)  # fmt: skip
def test_a_setting_goes_by_both_names(config, theirs, ours, value):
    args = Arguments(config)
    setattr(args, theirs, value)
    assert config[ours] == value == getattr(args, theirs)


def test_a_switch_of_theirs_is_on_or_off(config):
    args = Arguments(config)
    assert args.fp16 is False
    args.fp16 = True
    assert (args.fp16, args.bf16, config.precision) == (True, False, "fp16")


def test_one_number_of_a_pair_is_set_alone(config):
    args, second = Arguments(config), config.optimizer.betas[1]
    args.adam_beta1 = 0.8
    assert args.adam_beta1 == 0.8 and config.optimizer.betas == (0.8, second)


@pytest.mark.parametrize(
    "name, value, told",
    [
        ("learning_rate", "fast", "trainer.args.learning_rate: optimizer.lr"),
        ("learnin_rate", 1e-4, "trainer.args.learnin_rate: unknown key 'learnin_rate'; did you mean 'learning_rate'"),
    ],
)
def test_what_cannot_be_set_changes_nothing(config, name, value, told):
    before = config.to_yaml()
    with pytest.raises(ConfigError, match=told):
        setattr(Arguments(config), name, value)
    assert config.to_yaml() == before


def test_an_unknown_name_is_no_attribute(config):
    args = Arguments(config)
    assert not hasattr(args, "learnin_rate") and not hasattr(args, "logging_dir")
    assert "optimizer.lr" in dir(args)


def test_a_setting_without_a_meaning_here_is_told(config, caplog):
    Arguments(config).logging_dir = "logs"
    assert "ignored settings (they mean nothing to tasklab): logging_dir" in caplog.text


def test_a_copy_is_a_view_of_the_same(config):
    copy.copy(Arguments(config)).learning_rate = 2e-5
    assert config.optimizer.lr == 2e-5
