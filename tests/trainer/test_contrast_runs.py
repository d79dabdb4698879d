"""Contrastive classification at toy size: learned by heart, resumed, read from its folder; what is refused."""

import shutil

import pytest
import tiny_qa
import tiny_texts
from no_curves import NoCurves

from tasklab import Trainer
from tasklab.errors import ConfigError, DataError


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    vocabulary, folder = str(tiny_qa.write_vocabulary(tmp_path / "v")), tiny_texts.write_data(tmp_path / "data")

    def make(name, **more):
        own = {"from_scratch": True, "tokenizer.vocab": vocabulary, "train.eval_strategy": "no"}
        settings = tiny_texts.settings(**own, **more)
        return Trainer(settings, "contrastive_classification", "bert_tiny", folder, folder, output_dir=tmp_path / name)

    return make


@pytest.mark.slow
def test_a_resumed_run_ends_as_the_one_that_was_never_stopped_and_its_folder_answers(trainer, tmp_path):
    job = trainer("run", **{"train.max_steps": 40, "optimizer.lr": 3e-3, "train.save_strategy": "steps",
            "train.save_steps": 20})
    job.train()
    first, last = tmp_path / "run" / "checkpoint-20", tmp_path / "run" / "checkpoint-40"
    whole = (last / "model.safetensors").read_bytes()
    shutil.rmtree(last)
    job.train(resume_or_finetune_from_checkpoint=str(first))
    assert (last / "model.safetensors").read_bytes() == whole
    model = Trainer(model=tmp_path / "run", eval_dataset=tmp_path / "data")
    assert model.evaluate()["accuracy"] == 1.0
    ((best, other),) = model.predict(input_data="anna lives in paris", top_k=2)
    assert best["label"] == "happy" and best["score"] + other["score"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("loss.matching", "in_batch", "pairs are drawn with 1 or 0; take cosine_mse"),
        ("model.pair_encoding", "sbert", "model.pair_encoding"),
        ("model.problem_type", "regression", "knows single_label_classification alone"),
    ],
)
def test_what_does_not_go_with_pairs_is_told_with_its_setting(setting, value, told, trainer):
    with pytest.raises(ConfigError, match=told):
        trainer("run", **{setting: value}).train()


def test_rows_of_one_class_alone_are_told_with_the_limit_that_made_them(trainer, tmp_path):
    job = trainer("run", **{"data.limit": 2})
    (tmp_path / "data" / "train.tsv").write_text("label\ttext_a\nhappy\tanna\nhappy\tbob\nsad\tfred\n")
    with pytest.raises(DataError, match="train.tsv:2: every row to learn from is of the class 'happy'.*data.limit=2"):
        job.train()
