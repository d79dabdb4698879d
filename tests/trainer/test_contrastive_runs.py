"""Trainings of single texts from their two readings: what is on from the first step, and a resume to the bit."""

import shutil

import numpy as np
import pytest
import tiny_matching
import tiny_qa
from no_curves import NoCurves

from tasklab import Trainer
from tasklab.engine.hooks import Callback
from tasklab.errors import ConfigError, DataError
from tasklab.weights.folder import read_weights

ESIMCSE = {
    "model.pair_encoding": "cosine", "model.pooling": "mean", "model.projection_size": 8, "loss.matching": "in_batch",
    "loss.queue_size": 10, "loss.queue_momentum": 0.9, "data.word_repetition": "one_side", "train.batch_size": 4,
    "train.max_steps": 6, "train.save_steps": 3, "train.save_total_limit": None, "optimizer.ema_decay": 0.5,
    "train.eval_steps": 3,
}  # fmt: skip


@pytest.fixture
def job(tmp_path, monkeypatch):
    """job(folder, key=value) -> a Trainer on sixteen single texts, from random weights."""
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    vocabulary = tiny_qa.write_vocabulary(tmp_path / "vocabulary")
    texts = tmp_path / "texts.txt"
    pairs = tiny_matching.rows()
    texts.write_text("".join(f"{text}\n" for row in pairs for text in row[:2]), encoding="utf-8")
    data = tiny_matching.write_data(tmp_path / "data")

    def made(folder, callbacks=(), **settings):
        own = {"from_scratch": True, "tokenizer.vocab": str(vocabulary), **ESIMCSE}
        own |= {key.replace("__", "."): value for key, value in settings.items()}
        return Trainer(
            tiny_matching.settings(**own), "text_matching", "bert_tiny", texts, data / "dev.tsv", callbacks=callbacks,
            output_dir=tmp_path / folder,
        )  # fmt: skip

    return made


class Losses(Callback):
    def __init__(self):
        self.told = []

    def on_step_end(self, loop):
        self.told.append(loop.state.loss_sum)


@pytest.mark.slow
def test_six_steps_are_three_and_a_resume_of_three_to_the_bit(job, tmp_path):
    job("whole").train()
    shutil.copytree(tmp_path / "whole", tmp_path / "cut", symlinks=True)
    shutil.rmtree(tmp_path / "cut" / "checkpoint-6")
    job("cut").train(resume_or_finetune_from_checkpoint=str(tmp_path / "cut" / "checkpoint-3"))
    one, other = (read_weights(tmp_path / folder / "checkpoint-6") for folder in ("whole", "cut"))
    assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
    first, last = (read_weights(tmp_path / "whole" / f"checkpoint-{n}") for n in (3, 6))
    assert not all(np.array_equal(first[name], last[name]) for name in first)


@pytest.mark.slow
def test_dropout_is_on_from_the_first_step_and_the_projection_in_training_alone(job):
    # one text twice: without dropout and repetition both readings are one vector, whose cosine is 1
    calm, drops = Losses(), Losses()
    quiet = {"loss__queue_size": 0, "loss__queue_momentum": 0.995, "data__word_repetition": "none"}
    plain = dict(quiet, train__max_steps=1, optimizer__ema_decay=None)
    job("calm", [calm], model__hidden_dropout_prob=0.0, model__attention_probs_dropout_prob=0.0, **plain).train()
    trained = job("drops", [drops], model__hidden_dropout_prob=0.5, **plain)
    trained.train()
    assert abs(drops.told[0] - calm.told[0]) > 0.05
    metrics = trained.evaluate()
    assert metrics["alignment"] >= 0 >= metrics["uniformity"]
    assert trained.config.model.projection_size == 8 != trained.config.model.hidden_size


def test_settings_that_nothing_reads_are_refused(job, tmp_path):
    with pytest.raises(ConfigError, match=r"loss.queue_momentum = 0.9 changes nothing with loss.queue_size = 0"):
        job("a", loss__queue_size=0)
    with pytest.raises(ConfigError, match=r"loss.queue_size = 10 changes nothing with loss.negatives = given"):
        job("b", loss__negatives="given")
    with pytest.raises(ConfigError, match=r"data.word_repetition = one_side changes nothing with loss.matching = cos"):
        job("c", loss__matching="cosine_mse")
    with pytest.raises(ConfigError, match=r"data.repetition_rate = 0.1 changes nothing with data.word_repetition"):
        job("d", data__word_repetition="none", data__repetition_rate=0.1)
    of_pairs = job("e")
    of_pairs.config.data.train = str(tmp_path / "data" / "train.tsv")
    with pytest.raises(DataError, match="holds 2 texts, and data.word_repetition = one_side repeats words of single"):
        of_pairs.train()
