"""Folds and subsets in real runs of toy size."""

import json
from pathlib import Path

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.dataset import load_dataset
from tasklab.session.held_out import training_data
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece

ROOT = Path(__file__).parents[2]


def trainer_for(folder: Path, **more) -> Trainer:
    data = str(tiny_texts.write_data(folder / "data"))
    vocabulary = str(tiny_qa.write_vocabulary(folder))
    settings = tiny_texts.settings(**{"from_scratch": True, "tokenizer.vocab": vocabulary, "train.epochs": 1, **more})
    return Trainer(settings, "text_classification", "bert_tiny", data, data)


def task_for(folder, **settings):
    config = trainer_for(folder, **{"model.labels": ["happy", "sad"], **settings}).config
    return TextClassification(config, WordPiece(config.tokenizer.vocab))


def loaded(folder, training, **settings):
    task = task_for(folder, **settings)
    return [e.id for e in load_dataset(task, task.config.data.train, training).examples]


def test_what_is_held_out_is_not_trained_on(tmp_path):
    everything, held_out = {str(i) for i in range(16)}, []
    for fold in range(3):
        train, part, cut = training_data(task_for(tmp_path, **{"data.folds": 3, "data.fold": fold}), resumed=False)
        trained, part = {e.id for e in train.examples}, [e.id for e in part.examples]
        assert trained | set(part) == everything and not trained & set(part)
        assert part == [str(row) for row in cut.rows] and cut.how == {"folds": 3, "fold": fold, "seed": 42}
        held_out += part
    assert sorted(held_out, key=int) == sorted(everything, key=int)


def test_other_data_is_evaluated_as_a_whole(tmp_path):
    assert len(loaded(tmp_path, False, **{"data.folds": 3, "data.subset": 0.5})) == 16
    assert len(loaded(tmp_path, True, **{"data.subset": 0.5})) == 8
    assert len(loaded(tmp_path, False, **{"data.subset": 0.5})) == 16


@pytest.mark.slow
def test_two_folds_train_and_join_their_predictions(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    trainer = trainer_for(tmp_path)
    found = trainer.cross_validate(2, output_dir=tmp_path / "folds")
    rows = json.loads((tmp_path / "folds" / "predictions.json").read_text())
    assert [row["id"] for row in rows] == [str(i) for i in range(16)]
    right = [row["label"] == row["answers"][0]["label"] for row in rows]
    assert found["mean"]["accuracy"] == pytest.approx(sum(right) / 16)  # folds of equal size
    assert all(sum(row["answers"][0]["prob"]) == pytest.approx(1, abs=1e-5) for row in rows)
