"""From pairs, or plain texts, to answers: learned by heart, asked from the folder, and resumed to the same bits."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_pairs
import tiny_qa

from tasklab import Trainer

CALM = {"model.hidden_dropout_prob": 0.0, "model.initializer_range": 0.15}


def settings_for(vocabulary, **more) -> dict:
    return tiny_pairs.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(vocabulary), "data.max_target_length": 32, **CALM, **more,
    })  # fmt: skip


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    home = tmp_path_factory.mktemp("pairs")
    data, vocabulary = tiny_pairs.write_data(home / "data"), tiny_qa.write_vocabulary(home)
    settings = settings_for(vocabulary, **{
        "train.epochs": 80, "optimizer.lr": 0.01, "train.eval_strategy": "no", "train.logging_steps": 100,
    })  # fmt: skip
    trainer = Trainer(settings, "text2text_generation", "seq2seq_small", data, data, output_dir=home / "run")
    return SimpleNamespace(trainer=trainer, folder=trainer.train()["last_checkpoint"], home=home)


@pytest.mark.slow
def test_pairs_are_learned_by_heart_and_the_folder_alone_answers(job, caplog):
    metrics = job.trainer.evaluate()
    assert "keeps its own" not in caplog.text
    assert metrics["exact_match"] == 100.0 and metrics["chrf"] == pytest.approx(100.0)
    assert metrics["loss"] < 0.2 and metrics["generated"] == len(tiny_pairs.rows())
    trainer, asked = Trainer(model=job.folder), ["anna lives in berlin", "ben lives in paris"]
    found = trainer.predict(input_data=asked)
    assert [one["generated_text"] for one in found] == ["the city of anna is berlin", "the city of ben is paris"]
    assert trainer.predict(input_data=asked[::-1])[::-1] == found
    beams = trainer.predict(input_data=asked[0], num_beams=3, num_return_sequences=2)
    assert beams[0][0]["generated_text"] == found[0]["generated_text"] and len(beams[0]) == 2


@pytest.mark.slow
def test_the_score_of_an_answer_is_the_loss_of_its_text(job, tmp_path):
    trainer = Trainer(model=job.folder)
    source = "eva lives in old town"  # learned in other words
    (found,) = trainer.predict(input_data=source)
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"source": source, "target": found["generated_text"]}) + "\n", encoding="utf-8")
    assert found["finish_reason"] == "stop"
    assert trainer.evaluate(eval_dataset=path)["loss"] == pytest.approx(-found["score"], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("target", [{}, {"data.hidden": "end", "data.learned": "fillings"}], ids=["spans", "ends"])
def test_a_resumed_run_sees_the_blanks_of_one_that_never_stopped(target, tmp_path):
    vocabulary = tiny_qa.write_vocabulary(tmp_path)
    data = tiny_pairs.write_for(SimpleNamespace(task="text_infilling"), tmp_path / "data")
    settings = settings_for(vocabulary, **{
        "train.epochs": 3, "train.eval_strategy": "no", "train.save_steps": 5, "train.save_total_limit": None,
        **target,
    })  # fmt: skip
    trainer = Trainer(settings, "text_infilling", "seq2seq_small", data / "train.txt", output_dir=tmp_path / "run")
    whole = Path(trainer.train()["last_checkpoint"])
    half = whole.parent / "checkpoint-5"
    assert int(whole.name.split("-")[1]) > 5
    expected = (whole / "model.safetensors").read_bytes()
    (whole / "model.safetensors").unlink()
    last = Trainer(model=str(half)).train(str(half))["last_checkpoint"]
    assert Path(last).name == whole.name and (Path(last) / "model.safetensors").read_bytes() == expected
