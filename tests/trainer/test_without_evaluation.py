"""Without data.eval or folds: what waits for evaluations is refused before data or weights are looked at."""

from pathlib import Path

import pytest
import tiny_texts

from tasklab import Trainer
from tasklab.errors import ConfigError, DataError

TOLD = "needs evaluations, and there is nothing to evaluate on; set data.eval (or data.folds), or remove it"


def refused(trainer) -> str:
    with pytest.raises(ConfigError) as told:
        trainer.train()
    return str(told.value)


def job(*overrides, model="txtcls_minilm_l6", **options) -> Trainer:
    return Trainer(None, "text_classification", model, "absent.tsv", "no", overrides=overrides, **options)


@pytest.mark.parametrize(
    "key, value",
    [
        ("early_stopping_patience", "3"), ("save_strategy", "best"), ("eval_strategy", "epoch"), ("eval_steps", "5"),
        ("metric_for_best_model", "f1"), ("greater_is_better", "True"), ("greater_is_better", "False"),
    ],
)  # fmt: skip
def test_what_waits_for_evaluations_is_told_with_its_place(key, value):
    told = refused(job(f"train.{key}={value}"))
    assert told == f"override 'train.{key}={value}': train.{key} = {value} {TOLD}"


def test_all_of_them_are_told_at_once():
    told = refused(job("train.save_strategy=best", "train.early_stopping_patience=2"))
    assert [line.partition(": ")[2].partition(" ")[0] for line in told.splitlines()] == [
        "train.early_stopping_patience", "train.save_strategy",
    ]  # fmt: skip


def test_what_is_set_from_python_is_told_too():
    trainer = job()
    trainer.config.train.metric_for_best_model = "f1"
    assert refused(trainer) == f"train.metric_for_best_model = f1 {TOLD}"


def test_a_file_of_the_users_own_is_told_with_its_line():
    Path("my.yaml").write_text("base: txtcls_minilm_l6\ntask: text_classification\ntrain: {eval_steps: 7}\n")
    assert refused(job(model="my.yaml")) == f"my.yaml:3: train.eval_steps = 7 {TOLD}"


@pytest.mark.parametrize("overrides", [[], ["train.eval_strategy=no"], ["train.save_strategy=epoch"], ["data.folds=3"]])
def test_whoever_asks_for_none_of_it_trains(overrides):
    with pytest.raises(DataError, match="absent.tsv"):
        job(*overrides).train()


def test_a_recipe_that_names_its_metric_trains_without_evaluations():
    assert job(model="txtcls_minilm_l6_mrpc").config.train.metric_for_best_model == "f1"
    with pytest.raises(DataError, match="absent.tsv"):
        job(model="txtcls_minilm_l6_mrpc").train()
    assert "override 'train.metric_for_best_model=accuracy'" in refused(
        job("train.metric_for_best_model=accuracy", model="txtcls_minilm_l6_mrpc")
    )


@pytest.mark.slow
def test_a_model_that_was_evaluated_is_trained_further_without(tmp_path, placed):
    folder = tiny_texts.write_data(tmp_path / "data")
    settings = tiny_texts.settings(**{
        "train.max_steps": 2, "train.eval_steps": 1, "train.metric_for_best_model": "macro_f1",
    })  # fmt: skip
    first = Trainer(settings, "text_classification", "bert_base_uncased", folder, folder).train()
    again = Trainer(model=first["last_checkpoint"], train_dataset=folder, output_dir=tmp_path / "again")
    assert again.train()["best_metric"] is None
