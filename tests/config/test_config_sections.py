"""Sections convert and check each assignment; combinations are checked together."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from tasklab.config import Config, DataConfig, ModelConfig, OptimizerConfig, TrainConfig, setting
from tasklab.errors import ConfigError

SIZES = {
    "vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16,
}  # fmt: skip


@dataclass
class SpanData(DataConfig):
    doc_stride: int = setting(128, ge=1)
    metric: str = setting("squad", choices=("squad", "cmrc"))
    label_names: list[str] = setting([])
    weights: dict[str, float] = setting({})


def complete(**sections) -> Config:
    return Config.create(SpanData, **{"task": "question_answering", "model": SIZES, **sections})


@pytest.mark.parametrize(
    "key, given, stored",
    [
        ("optimizer.lr", "3e-5", 0.00003),
        ("optimizer.lr", 1, 1.0),
        ("train.epochs", "2", 2),
        ("train.epochs", 2.0, 2),
        ("train.max_steps", "1e3", 1000),
        ("train.epochs", np.int64(3), 3),
        ("optimizer.lr", np.float64(0.5), 0.5),
        ("data.cache", "off", False),
        ("data.cache", np.bool_(True), True),
        ("optimizer.betas", ["0.8", 0.98], (0.8, 0.98)),
        ("device_target", "cpu", "CPU"),
        ("train.eval_strategy", False, "no"),
        ("kernels", False, "off"),
        ("data.train", "", None),
        ("data.label_names", ("a", "b"), ["a", "b"]),
        ("data.weights", {"a": "2"}, {"a": 2.0}),
        ("name", 123, "123"),
    ],
)
def test_an_assignment_is_converted_to_the_declared_type(key, given, stored):
    config = complete()
    config[key] = given
    assert config[key] == stored and type(config[key]) is type(stored)


@pytest.mark.parametrize(
    "key, given, message",
    [
        ("train.epochs", "abc", "train.epochs is 'abc'; expected an integer >= 1"),
        ("train.epochs", 0, "train.epochs is 0; expected an integer >= 1"),
        ("train.epochs", 2.5, "train.epochs is 2.5; expected an integer >= 1"),
        ("train.epochs", True, "train.epochs is True; expected an integer >= 1"),
        ("train.epochs", None, "train.epochs is null; expected an integer >= 1"),
        ("optimizer.lr", "nan", "optimizer.lr is 'nan'; expected a number > 0"),
        ("optimizer.lr", float("inf"), "optimizer.lr is inf; expected a number > 0"),
        ("seed", 2**31, "seed is 2147483648; expected an integer >= 0 and < 2147483648"),
        ("data.limit", -1, "data.limit is -1; expected an integer >= 1, or null"),
        ("data.cache", 1, "data.cache is 1; expected true or false"),
        ("data.metric", "bleu", "data.metric is 'bleu'; expected one of squad, cmrc"),
        ("data.train", ["a"], "data.train is ['a']; expected text, or null"),
        ("optimizer.betas", [0.9], "optimizer.betas is [0.9]; expected a list of 2 values, each a number >= 0 and < 1"),
        ("optimizer.betas", [0.9, 1], "optimizer.betas is [0.9, 1]; expected a list of 2 values, each a number >= 0 "
         "and < 1"),
        ("evaluate.rows", 1, "unknown key 'evaluate.rows'; known here: batch_size"),
        ("optimizer.bias_corection", 1, "unknown key 'optimizer.bias_corection'; did you mean 'bias_correction'?"),
        ("optimzer.lr", 1, "unknown key 'optimzer.lr'; did you mean 'optimizer.lr'?"),
        ("optimizer", 3, "optimizer is 3; expected a mapping of its keys"),
        ("seed.x", 3, "unknown key 'seed.x'; seed is a value, not a section"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_with_key_value_and_expectation(key, given, message):
    config = complete()
    with pytest.raises(ConfigError) as caught:
        config[key] = given
    assert str(caught.value) == message


def test_an_unknown_attribute_names_the_nearest_one():
    with pytest.raises(ConfigError, match="unknown key 'model.hiden_size'; did you mean 'hidden_size'?"):
        complete().model.hiden_size = 3


def test_a_refused_assignment_changes_nothing():
    config = complete()
    with pytest.raises(ConfigError):
        config.train = {"epochs": 7, "batch_size": 0}
    assert config.train == TrainConfig()


def test_a_section_can_be_given_as_a_mapping_and_keeps_the_class_of_the_task():
    config = complete(data={"doc_stride": "64"})
    config.data = {"metric": "cmrc"}
    assert config.data == SpanData(metric="cmrc")


def test_attribute_and_mapping_access_are_the_same():
    config = complete()
    config["optimizer"]["lr"] = "1e-4"
    assert config.optimizer.lr == config["optimizer.lr"] == config.optimizer["lr"] == 1e-4
    assert "optimizer.lr" in config and "optimizer.rate" not in config
    assert config.get("optimizer.rate", 5) == 5
    assert dict(config.optimizer)["lr"] == 1e-4
    assert {**config.schedule}["name"] == "linear"


def test_a_dictionary_of_the_config_builds_an_equal_one():
    config = complete(optimizer={"betas": [0.8, 0.9]})
    plain = config.to_dict()
    assert plain["optimizer"]["betas"] == [0.8, 0.9]
    assert Config.create(SpanData, **plain) == config


@pytest.mark.parametrize("clone", [copy.deepcopy, Config.copy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_copy_is_equal_and_independent(clone):
    config = complete()
    config.notes.append("a line")
    other = clone(config)
    assert other == config and type(other.data) is SpanData and other.notes == ["a line"]
    other.train.epochs = 9
    other.data.label_names.append("x")
    assert config.train.epochs == 3 and config.data.label_names == []


def test_sections_of_different_values_differ():
    assert OptimizerConfig(lr=1e-3) != OptimizerConfig(lr=1e-4)


def test_sizes_have_no_default():
    with pytest.raises(ConfigError) as caught:
        Config.create().validate()
    lines = str(caught.value).splitlines()
    assert len(lines) == 3  # attention's own sizes: encoders/__init__.py
    assert lines[0] == (
        "model.vocab_size has no value; name a model that states it, or set it to an integer >= 1"
    )
    assert ModelConfig().hidden_size is None


def test_every_bad_combination_is_listed():
    config = complete(
        model={**SIZES, "hidden_size": 9, "max_position_embeddings": 64},
        train={"max_steps": 10, "eval_strategy": "no", "early_stopping_patience": 2},
        schedule={"warmup_steps": 20},
    )
    with pytest.raises(ConfigError) as caught:
        config.validate()
    assert str(caught.value).splitlines() == [
        "model.hidden_size 9 is not a multiple of model.num_attention_heads 2",
        "train.early_stopping_patience = 2 needs evaluations; set train.eval_strategy to epoch or steps",
        "schedule.warmup_ratio 0.1 and schedule.warmup_steps 20 are both set; give one, and set the ratio to 0 or the "
        "steps to null",
        "data.max_seq_length 128 is more than model.max_position_embeddings 64; set data.max_seq_length to at most 64",
        "schedule.warmup_steps 20 is more than train.max_steps 10; the peak is never reached",
    ]


def test_evaluating_by_steps_needs_the_number():
    with pytest.raises(ConfigError, match="train.eval_strategy is steps; set train.eval_steps"):
        complete(train={"eval_strategy": "steps"}).validate()


def test_a_good_config_validates_to_itself():
    config = complete()
    assert config.validate() is config
