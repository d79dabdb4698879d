"""A run with Adafactor: it learns, holds less beside the weights than AdamW, and resumes with the same bits."""

from pathlib import Path

import pytest
import tiny_texts
from no_curves import NoCurves
from safetensors.numpy import load_file

from tasklab import Trainer


@pytest.fixture
def job(placed, tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    folder = tiny_texts.write_data(tmp_path / "data")

    def make(name, **more):
        settings = tiny_texts.settings(**{
            "optimizer.name": "adafactor", "optimizer.lr": 1e-2, "train.max_steps": 4, "train.save_steps": 2,
            "train.save_total_limit": None, **more,
        })  # fmt: skip
        return Trainer(settings, "text_classification", "bert_base_uncased", folder, output_dir=tmp_path / name)

    return make


@pytest.mark.slow
def test_a_resumed_run_ends_with_the_bytes_of_one_that_went_through(job, tmp_path):
    through = Path(job("through").train()["last_checkpoint"])
    job("halved", **{"schedule.name": "linear"}).train()
    for folder in (tmp_path / "halved").glob("checkpoint-4"):
        folder.rename(tmp_path / "aside")
    resumed = Trainer(model=tmp_path / "halved").train(str(tmp_path / "halved" / "checkpoint-2"))
    assert resumed["global_step"] == 4
    for file in ("model.safetensors", "optimizer.safetensors"):
        assert (Path(resumed["last_checkpoint"]) / file).read_bytes() == (through / file).read_bytes()
    state = load_file(through / "optimizer.safetensors")
    assert {name.partition(".")[0] for name in state} == {"row", "column", "square"}
    weights = load_file(through / "model.safetensors")
    assert sum(v.size for v in state.values()) < 0.5 * sum(v.size for v in weights.values())


@pytest.mark.slow
def test_it_learns(job):
    trainer = job("learned", **{"train.max_steps": 60, "train.save_steps": None, "model.hidden_dropout_prob": 0.0})
    trainer.train()
    assert trainer.evaluate(eval_dataset=trainer.config.data.train)["accuracy"] == 1.0
