"""Which values a user asked for, and which came with the model that he named."""

from pathlib import Path

import pytest

from tasklab.config import resolve
from tasklab.data.texts.settings import TextDataConfig

MINE = "base: txtcls_minilm_l6\ntask: text_classification\ntrain: {eval_steps: 7}\nmodel: {pooling: mean}\n"


def made(model, *overrides, **options):
    return resolve("text_classification", model, list(overrides), data_class=TextDataConfig, **options)


@pytest.mark.parametrize("values", [{"overrides": "train.metric_for_best_model=accuracy"},
                                    {"args": {"train": {"metric_for_best_model": "accuracy"}}}])  # fmt: skip
def test_overrides_and_arguments_are_asked_for(values):
    config = resolve("text_classification", "txtcls_minilm_l6_mrpc", data_class=TextDataConfig, **values)
    assert config.asked("train.metric_for_best_model")


def test_what_a_recipe_says_is_not_asked_for_until_somebody_changes_it():
    config = made("txtcls_minilm_l6_mrpc")
    assert config.train.metric_for_best_model == "f1" and not config.asked("train.metric_for_best_model")
    assert not config.copy().asked("train.metric_for_best_model")
    config.train.metric_for_best_model = "accuracy"
    assert config.asked("train.metric_for_best_model")


def test_a_file_of_the_users_own_asks_for_the_run_but_describes_the_model():
    Path("my.yaml").write_text(MINE, encoding="utf-8")
    config = made("my.yaml")
    assert config.asked("train.eval_steps") and not config.asked("model.pooling")


def test_what_a_finished_run_says_is_not_asked_for(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text(made("txtcls_minilm_l6", "train.eval_steps=7").to_yaml(), encoding="utf-8")
    config = resolve(model=folder, data_class=TextDataConfig)
    assert config.train.eval_steps == 7 and not config.asked("train.eval_steps")


def test_defaults_are_not_asked_for_however_they_are_said():
    assert not made("txtcls_minilm_l6", "model.pooler=true").asked("model.pooler")
