"""Text classification from files to answers: labels by name, in the checkpoint and against it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.errors import ConfigError, DataError
from tasklab.tools.distill import distill


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """A classifier that has learned its sixteen rows by heart."""
    home = tmp_path_factory.mktemp("classification")
    data = tiny_texts.write_data(home / "data")
    vocabulary = tiny_qa.write_vocabulary(home)
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.epochs": 20, "optimizer.lr": 0.01,
        "model.hidden_dropout_prob": 0.0, "model.attention_probs_dropout_prob": 0.0, "model.initializer_range": 0.1,
        "train.eval_strategy": "no", "train.save_total_limit": 1,
    })  # fmt: skip
    trainer = Trainer(settings, "text_classification", "bert_tiny", data, data, output_dir=home / "run")
    summary = trainer.train()
    return SimpleNamespace(home=home, data=data, trainer=trainer, folder=summary["last_checkpoint"], vocab=vocabulary)


def test_it_learns_its_rows(job):
    metrics = job.trainer.evaluate()
    assert metrics.pop("loss") < 0.1
    assert metrics == {"accuracy": 1.0, "f1": 1.0, "macro_f1": 1.0, "matthews_correlation": 1.0, "total": 16}


def test_the_folder_alone_answers_by_name_whatever_the_order(job):
    trainer = Trainer(model=job.folder)
    inputs = ["anna lives in paris", "hugo lives in rome"]
    there = trainer.predict(input_data=inputs, top_k=2)
    assert [answers[0]["label"] for answers in there] == ["happy", "sad"]
    assert [sum(a["score"] for a in answers) for answers in there] == pytest.approx([1, 1], abs=2e-4)
    assert trainer.predict(input_data=inputs[::-1], top_k=2) == there[::-1]


def test_labels_lie_in_the_checkpoint_in_the_order_of_the_outputs(job):
    with open(f"{job.folder}/labels.json", encoding="utf-8") as file:
        assert json.load(file) == ["happy", "sad"]
    assert Trainer(model=job.folder).config.model.labels == ["happy", "sad"]


def test_data_in_another_order_and_with_other_names_is_matched_by_name_or_refused(job, tmp_path):
    (tmp_path / "dev.tsv").write_text("text_a\tlabel\nhugo lives in rome\tsad\nanna lives in paris\thappy\n")
    trainer = Trainer(model=job.folder)
    assert trainer.evaluate(eval_dataset=tmp_path / "dev.tsv")["accuracy"] == 1
    (tmp_path / "dev.tsv").write_text("text_a\tlabel\nhugo lives in rome\tsadd\n")
    with pytest.raises(DataError, match="dev.tsv:2: the label 'sadd' is none of the model's: happy, sad; did you mean"):
        trainer.evaluate(eval_dataset=tmp_path / "dev.tsv")


def test_a_setting_that_the_checkpoint_does_not_share_is_told_or_refused(job, caplog):
    with pytest.raises(ConfigError, match="model.labels names sad, happy, but .* knows happy, sad, in this o"):
        Trainer(model=job.folder, overrides=["model.labels=[sad, happy]"]).predict(input_data="anna lives")
    Trainer(model=job.folder, overrides=["model.pooling=max"]).predict(input_data="anna lives")
    assert "keeps its own: model.pooling = None (not max)" in caplog.text


def test_a_head_trained_for_other_labels_starts_new(job, tmp_path, caplog):
    (tmp_path / "train.tsv").write_text("text_a\tlabel\nanna lives\tup\nhugo lives\tdown\n")
    settings = tiny_texts.settings(**{"train.max_steps": 1, "data.train": str(tmp_path)})
    trainer = Trainer(settings, "text_classification", "bert_tiny", output_dir=tmp_path / "run")
    with caplog.at_level("INFO", "tasklab"):
        trainer.train(job.folder, do_finetune=True)
    assert "the head starts new: it knows the labels happy, sad, the data down, up" in caplog.text
    assert "new 2: head.classifier (weight, bias)" in caplog.text


def test_finetuning_on_the_same_labels_keeps_head_and_order(job, tmp_path, caplog):
    (tmp_path / "train.tsv").write_text("text_a\tlabel\nhugo lives\tsad\nanna lives\thappy\n")
    settings = tiny_texts.settings(**{"train.max_steps": 1, "data.train": str(tmp_path)})
    trainer = Trainer(settings, "text_classification", "bert_tiny", output_dir=tmp_path / "run")
    with caplog.at_level("INFO", "tasklab"):
        trainer.train(job.folder, do_finetune=True)
    assert "the head starts new" not in caplog.text and "loaded 25 of 25" in caplog.text


def test_weights_that_name_no_classes_do_not_predict(job, placed):
    with pytest.raises(ConfigError, match="bert_base_uncased names no classes"):
        Trainer(tiny_texts.settings(), "text_classification", "bert_base_uncased").predict(input_data="anna lives")


def test_all_scores_come_with_the_answers_on_demand(job):
    trainer = Trainer(model=job.folder, overrides=["data.output_logits=true", "data.output_prob=true"])
    (answer,) = trainer.predict(input_data="anna lives in paris")
    probs = np.exp(answer["logits"]) / np.exp(answer["logits"]).sum()
    np.testing.assert_allclose(answer["prob"], probs, atol=1e-5)
    assert answer["score"] == pytest.approx(max(answer["prob"]), abs=1e-4)


@pytest.mark.slow
def test_a_student_learns_its_teacher_s_scores_in_one_command(job, tmp_path):
    settings = {k: v for k, v in tiny_texts.settings().items() if k != "train.epochs"}
    words = [f"{key}={value}" for key, value in settings.items()]
    (tmp_path / "more.tsv").write_text("text_a\nben lives in lima\n")
    made = distill(
        job.folder, "bert_tiny", *words, f"data.train={job.data}", f"tokenizer.vocab={job.vocab}", "train.max_steps=1",
        "from_scratch=true", f"output_dir={tmp_path / 'student'}", unlabelled=str(tmp_path / "more.tsv"),
    )  # fmt: skip
    assert (made.rows, made.unlabelled) == (17, 1)
    rows = [json.loads(line) for line in (tmp_path / "student/scored.jsonl").read_text().splitlines()]
    assert len(rows) == 17 and rows[0].keys() == {"label", "logits", "text_a"}
    overrides = ["data.output_logits=true"]
    (answer,) = Trainer(model=job.folder, overrides=overrides).predict(input_data=rows[-1]["text_a"])
    assert rows[-1]["label"] == answer["label"] == "happy"
    assert rows[-1]["logits"] == pytest.approx(answer["logits"], abs=1e-4)
    assert Trainer(model=made.summary["last_checkpoint"]).config.model.labels == ["happy", "sad"]


@pytest.mark.parametrize("task", ["text_classification", pytest.param("answer_selection", marks=pytest.mark.slow)])
def test_texts_read_apart_train_and_the_folder_alone_answers(job, tmp_path, task):
    rows = [("anna", "paris", 1), ("anna", "rome", 0), ("hugo", "rome", 1), ("hugo", "oslo", 0)]
    text = "".join(f"{label}\t{a} lives\t{b}\n" for a, b, label in rows)
    (tmp_path / "train.tsv").write_text("label\ttext_a\ttext_b\n" + text)
    settings = tiny_texts.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(job.vocab), "train.max_steps": 2, "train.eval_strategy": "no",
        "model.pair_encoding": "siamese", "model.num_hidden_layers": 1,
    })  # fmt: skip
    trainer = Trainer(settings, task, "bert_tiny", tmp_path, output_dir=tmp_path / "run")
    folder = trainer.train()["last_checkpoint"]
    again = Trainer(model=folder)
    assert again.config.model.pair_encoding == "siamese"
    assert again.evaluate(eval_dataset=tmp_path / "train.tsv") == trainer.evaluate(eval_dataset=tmp_path / "train.tsv")
    if task == "text_classification":
        inputs = [("anna lives", "paris"), ("hugo lives there", "oslo")]
        answers = again.predict(input_data=inputs, top_k=2)
        assert again.predict(input_data=inputs[::-1], top_k=2) == answers[::-1]
        with pytest.raises(DataError, match="model.pair_encoding = siamese compares two texts, but there is one"):
            again.predict(input_data="anna lives")
