"""A finished run that goes on for as long as it is told, and what is said at the end of one that learned too little."""

import logging
from types import SimpleNamespace

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.errors import CheckpointError
from tasklab.runs.state import read_training_state
from tasklab.saved import saved_config
from tasklab.session.start import resumed_start


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A run of one epoch, four steps at a rate that teaches nothing, and what it said."""
    home = tmp_path_factory.mktemp("short")
    data, vocabulary = tiny_texts.write_data(home / "data"), tiny_qa.write_vocabulary(home)
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "optimizer.lr": 1e-7, "schedule.warmup_ratio": 0.0,
    })  # fmt: skip
    said = []
    listener = logging.Handler()
    listener.emit = lambda record: said.append((record.levelname, record.getMessage()))
    logging.getLogger("tasklab").addHandler(listener)
    try:
        trainer = Trainer(settings, "text_classification", "bert_tiny", data, data, output_dir=home / "run")
        trainer.train()
    finally:
        logging.getLogger("tasklab").removeHandler(listener)
    return SimpleNamespace(run=home / "run", settings=settings, data=data, said=said)


@pytest.mark.slow
def test_below_the_baseline_it_warns_and_says_how_to_go_on(short):
    (warning,) = [text for level, text in short.said if level == "WARNING" and "baseline" in text]
    assert "is below the baseline, 1.0000 (simple baseline that learns). What may help:" in warning
    # 4 steps an epoch: 200 of them are 50 epochs
    assert f"train.epochs=50, as 4 steps are few: tasklab train --resume {short.run} train.epochs=50" in warning


def test_an_evaluation_warns_as_the_training_did(short, caplog):
    caplog.set_level(logging.INFO, "tasklab")
    (trained,) = [text for level, text in short.said if level == "WARNING" and "baseline" in text]
    Trainer(model=short.run).evaluate()
    (warning,) = [r.getMessage() for r in caplog.records if "is below the baseline" in r.getMessage()]
    assert warning == trained  # the learned baseline too, which an evaluation alone has no rows to learn from


def test_an_evaluation_on_other_rows_says_that_it_learned_from_others(short, tmp_path, caplog):
    caplog.set_level(logging.INFO, "tasklab")
    model, other = Trainer(model=short.run), tmp_path / "other.tsv"
    told = model.predict(input_data=["anna lives in rome"])[0]["label"]
    wrong = {"happy": "sad", "sad": "happy"}[told]
    other.write_text("label\ttext_a\n" + f"{wrong}\tanna lives in rome\n" * 4, encoding="utf-8")
    model.evaluate(eval_dataset=other)
    (warning,) = [r.getMessage() for r in caplog.records if "is below the baseline" in r.getMessage()]
    assert f"learned from others: tasklab train {short.run} data.train=FILE" in warning


@pytest.mark.slow
def test_a_finished_run_goes_on_and_keeps_all_else(short, caplog):
    caplog.set_level(logging.INFO, "tasklab")
    trainer = Trainer(model=short.run, overrides=["train.epochs=2"])
    assert trainer.train(str(short.run))["global_step"] == 8
    told = "4 steps were added to a finished run: the linear schedule begins anew for them, from 1e-07"
    assert told in caplog.text and "keeps the run's own settings" not in caplog.text
    last = short.run / "checkpoint-8"
    assert saved_config(last).train.epochs == 2
    state, _ = read_training_state(last)
    assert (state.schedule_start, state.finished) == (4, True)

    caplog.clear()  # without a length there is nothing to do, and it says what to give
    trainer = Trainer(model=short.run)
    assert trainer.train(str(short.run))["global_step"] == 8
    assert "it is finished, nothing is left to do; to go on, say how long: train.epochs=4" in caplog.text

    with pytest.raises(CheckpointError, match="made 8 steps in 2 epochs, so it cannot go on to 4"):
        Trainer(model=short.run, overrides=["train.epochs=1"]).train(str(short.run))


@pytest.mark.parametrize(
    "overrides, epochs, steps",
    [(["train.epochs=7"], 7, None), (["train.max_steps=9"], 1, 9)],
)
def test_either_way_to_say_how_long_is_taken(short, overrides, epochs, steps):
    folder = short.run / "checkpoint-4"
    start = resumed_start(Trainer(model=folder, overrides=overrides).config, folder)
    train = start.config.train
    assert (start.longer, train.epochs, train.max_steps, train.min_steps) == (True, epochs, steps, None)


def test_epochs_of_a_recipe_make_no_finished_run_longer(short):
    recipe = Trainer(None, "text_classification", "txtcls_minilm_l6").config
    start = resumed_start(recipe, short.run / "checkpoint-4")
    assert recipe.train.epochs == 3 and not start.longer and start.config.train.epochs == 1


def test_a_run_that_is_not_finished_keeps_its_length(short, tmp_path, caplog):
    settings = short.settings | {"train.epochs": 2}
    trainer = Trainer(settings, "text_classification", "bert_tiny", short.data, output_dir=tmp_path / "run")
    trainer.train()
    first = tmp_path / "run" / "checkpoint-4"
    done = Trainer(model=first, overrides=["train.epochs=9"]).train(str(first))
    assert done["global_step"] == 8
    assert "train.epochs = 2 (not 9); resume it to its end, and then with train.epochs" in caplog.text
