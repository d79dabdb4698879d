"""Trainer(model_init=...): what stands for a model, and what is refused."""

import re

import pytest

from tasklab import Trainer
from tasklab.errors import ConfigError

NAME = "txtcls_minilm_l6"


@pytest.mark.parametrize("model_init", [lambda: NAME, lambda trial: NAME, lambda trial=None: NAME])
def test_a_function_names_the_model(model_init):
    trainer = Trainer(model_init=model_init, args={"learning_rate": 3e-5}, train_dataset="a.tsv", eval_dataset="b.tsv")
    config = trainer.config
    assert (config.name, config.task, config.optimizer.lr) == (NAME, "text_classification", 3e-5)
    assert (config.data.train, config.data.eval) == ("a.tsv", "b.tsv")


def test_args_count_over_the_configuration_that_it_returns():
    first = Trainer(model=NAME, args={"learning_rate": 3e-5, "num_train_epochs": 9})
    second = Trainer(model_init=lambda: first.config, args={"learning_rate": 1e-4})
    assert (second.config.name, second.config.optimizer.lr, second.config.train.epochs) == (NAME, 1e-4, 9)
    assert first.config.optimizer.lr == 3e-5


def test_what_a_search_found_is_set_by_name():
    trainer = Trainer(model_init=lambda: NAME)
    for name, value in {"optimizer.lr": 2e-4, "num_train_epochs": 2}.items():
        setattr(trainer.args, name, value)
    assert (trainer.config.optimizer.lr, trainer.config.train.epochs, trainer.args.learning_rate) == (2e-4, 2, 2e-4)


@pytest.mark.parametrize(
    "given, told",
    [
        ({"model_init": lambda: 7}, "model_init returned int; expected a model's name"),
        ({"model_init": NAME}, "model_init is 'txtcls_minilm_l6'; expected a function"),
        ({"model_init": lambda: NAME, "model": NAME}, "give either model or model_init, not both"),
        (
            {"model_init": lambda trial: NAME + trial.suggest_categorical("m", ["", "_cola"])},
            "model_init asks its trial for 'suggest_categorical'; name what is tried in hp_space instead",
        ),
        ({"model": NAME, "compute_metrics": 7}, "compute_metrics is 7; expected a function, MODULE:NAME or FILE.py:"),
    ],
)
def test_what_means_nothing_here_is_refused(given, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        Trainer(**given)
