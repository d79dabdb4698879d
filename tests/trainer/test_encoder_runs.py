"""Encoders that are no BERT, with characters as tokens: from files to answers."""

import os

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe, more", [("txtcls_bigru_chinese", {}), ("txtcls_gatedcnn_chinese", {"model.dual": "tied"})]
)
def test_it_learns_its_rows_and_answers_from_its_folder_alone(recipe, more, tmp_path):
    data, vocabulary = tiny_texts.write_data(tmp_path / "data"), tiny_qa.write_vocabulary(tmp_path)
    settings = {
        "tokenizer.vocab": str(vocabulary), "model.vocab_size": tiny_qa.VOCAB_SIZE, "model.hidden_size": 16,
        "model.embedding_size": 8, "model.initializer_range": 0.2, "model.hidden_dropout_prob": 0.0,
        "optimizer.lr": 0.02, "train.epochs": 30, "train.batch_size": 8, "train.eval_strategy": "no",
        "train.save_steps": 30, "data.max_seq_length": 32, "data.num_buckets": 1, **more,
    }  # fmt: skip
    trainer = Trainer(settings, "text_classification", recipe, data, data, output_dir=tmp_path / "run")
    summary = trainer.train()
    assert trainer.evaluate()["accuracy"] == 1
    os.remove(vocabulary)  # the folder has its own
    inputs = ["anna lives in paris", "hugo lives in rome"]
    answers = Trainer(model=summary["last_checkpoint"]).predict(input_data=inputs)
    assert [answer["label"] for answer in answers] == ["happy", "sad"]
    assert Trainer(model=summary["last_checkpoint"]).predict(input_data=inputs[::-1]) == answers[::-1]
