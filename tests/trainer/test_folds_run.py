"""Folds and subsets in real runs of toy size."""

import json
from pathlib import Path

import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.dataset import load_dataset
from tasklab.tasks.text_classification import TextClassification
from tasklab.text.wordpiece import WordPiece

ROOT = Path(__file__).parents[2]


def trainer_for(folder: Path, **more) -> Trainer:
    data = str(tiny_texts.write_data(folder / "data"))
    vocabulary = str(tiny_qa.write_vocabulary(folder))
    settings = tiny_texts.settings(**{"from_scratch": True, "tokenizer.vocab": vocabulary, "train.epochs": 1, **more})
    return Trainer(settings, "text_classification", "bert_tiny", data, data)


def loaded(folder, training, whole=False, **settings):
    config = trainer_for(folder, **{"model.labels": ["happy", "sad"], **settings}).config
    task = TextClassification(config, WordPiece(config.tokenizer.vocab))
    return [e.id for e in load_dataset(task, config.data.train, training, whole).examples]


def test_what_is_held_out_is_not_trained_on(tmp_path):
    everything, held_out = {str(i) for i in range(16)}, []
    for fold in range(3):
        settings = {"data.folds": 3, "data.fold": fold}
        part = loaded(tmp_path, False, **settings)
        assert set(part) | set(loaded(tmp_path, True, **settings)) == everything
        assert not set(part) & set(loaded(tmp_path, True, **settings))
        held_out += part
    assert sorted(held_out, key=int) == sorted(everything, key=int)


def test_other_data_is_evaluated_as_a_whole(tmp_path):
    assert len(loaded(tmp_path, False, whole=True, **{"data.folds": 3, "data.subset": 0.5})) == 16
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
