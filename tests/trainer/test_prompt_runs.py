"""Prompts end to end at toy size: trained, kept in the model's folder, resumed, and answered without training."""

import shutil

import numpy as np
import pytest
import tiny_corpus
import tiny_prompts
import tiny_qa
from no_curves import NoCurves
from safetensors.numpy import load_file

from tasklab import Trainer
from tasklab.errors import CheckpointError


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """trainer(task, name, **settings): a job from random weights."""
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    vocabulary = str(tiny_qa.write_vocabulary(tmp_path / "vocabulary"))

    def make(task, name, **more):
        toy = tiny_corpus if task == "masked_language_modeling" else tiny_prompts
        own = {"from_scratch": True, "tokenizer.vocab": vocabulary, "loss.balanced": None, **more}
        folder = toy.write_data(tmp_path / task)
        return Trainer(toy.settings(**own), task, "bert_tiny", folder, folder, output_dir=tmp_path / name)

    return make


def files_of(tmp_path) -> dict:
    """Settings that name files of the toy wording in place of their content."""
    (tmp_path / "prompt.txt").write_text(tiny_prompts.PATTERN)
    words = "".join(f"{label}\t{','.join(words)}\n" for label, words in tiny_prompts.WORDS.items())
    (tmp_path / "words.txt").write_text(words)
    named = {"data.pattern": str(tmp_path / "prompt.txt"), "data.verbalizer": str(tmp_path / "words.txt")}
    return {"data.patterns": [], "data.label_words": {}, **named}


@pytest.mark.slow
def test_a_model_learns_by_heart_and_its_folder_is_all_it_needs(trainer, tmp_path):
    more = {"train.max_steps": 60, "optimizer.lr": 1e-2, "train.eval_strategy": "no", **files_of(tmp_path)}
    trained = trainer("prompt_classification", "run", **more).train()
    (tmp_path / "prompt.txt").write_text("something else {MASK} {textA}")
    (tmp_path / "words.txt").unlink()
    model = Trainer(model=trained["last_checkpoint"], eval_dataset=tmp_path / "prompt_classification")
    assert model.evaluate()["accuracy"] == 1.0
    assert model.config.data.patterns == [tiny_prompts.PATTERN]
    ((best,),) = [model.predict(input_data=["anna lives in paris"])]
    assert best["label"] == "happy" and sum(best["scores"].values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_a_masked_word_model_answers_without_training_and_is_trained_from(trainer, tmp_path):
    words = trainer("masked_language_modeling", "words", **{"train.max_steps": 4}).train()["last_checkpoint"]
    asking = trainer("prompt_classification", "asking", **{"from_scratch": False})
    before = asking.evaluate(words)
    assert before["total"] == 16 and 0 <= before["accuracy"] <= 1 and np.isfinite(before["loss"])
    still = trainer("prompt_classification", "run", **{"train.max_steps": 1, "optimizer.lr": 1e-12})
    trained = still.train(words, do_finetune=True)
    after = asking.evaluate(trained["last_checkpoint"])  # every weight was loaded, the head's too
    assert after["loss"] == pytest.approx(before["loss"], rel=1e-5)


@pytest.mark.slow
def test_a_resumed_run_ends_as_the_one_that_was_never_stopped(trainer, tmp_path):
    more = {"train.epochs": 2, "train.eval_strategy": "no", "loss.rdrop_alpha": 0.5, "model.hidden_dropout_prob": 0.2}
    job = trainer("prompt_classification", "run", **more)
    job.train()
    first, last = tmp_path / "run" / "checkpoint-4", tmp_path / "run" / "checkpoint-8"
    whole = (last / "model.safetensors").read_bytes()
    shutil.rmtree(last)
    job.train(resume_or_finetune_from_checkpoint=str(first))
    assert (last / "model.safetensors").read_bytes() == whole


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["embedding", "lstm", "mlp"])
def test_learned_vectors_alone_are_trained_and_resumed_to_the_bit(kind, trainer, tmp_path):
    more = {
        "data.patterns": ["{soft} {textA} {MASK} {soft}"], "data.soft_tokens": 2, "model.prompt_encoder": kind,
        "optimizer.rates": {"encoder": 0, "head.mlm": 0, "head.prompt": 10}, "train.epochs": 2,
        "train.eval_strategy": "no",
    }  # fmt: skip
    job = trainer("prompt_classification", "run", **more)
    job.train()
    first, last = (tmp_path / "run" / f"checkpoint-{step}" for step in (4, 8))
    before, after = load_file(first / "model.safetensors"), load_file(last / "model.safetensors")
    changed = {name for name in after if not np.array_equal(before[name], after[name])}
    assert changed == {name for name in after if name.startswith("head.prompt.")} and len(changed) >= 1
    whole = (last / "model.safetensors").read_bytes()
    shutil.rmtree(last)
    job.train(resume_or_finetune_from_checkpoint=str(first))
    assert (last / "model.safetensors").read_bytes() == whole
    assert Trainer(model=last).predict(input_data="anna lives in rome")[0]["label"] in ("happy", "sad")


def test_another_tasks_model_is_refused(trainer, tmp_path):
    words = trainer("masked_language_modeling", "words", **{"train.max_steps": 1}).train()["last_checkpoint"]
    with pytest.raises(CheckpointError, match="was trained for masked_language_modeling"):
        Trainer(task="text_classification", model="bert_tiny", eval_dataset=tmp_path).evaluate(words)
