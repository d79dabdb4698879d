"""Runs with LoRA: small checkpoints, equal bits on a resume, answers of the merged model, a base that is looked for."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_qa
import tiny_texts
from no_curves import NoCurves
from safetensors.numpy import load_file, save_file

from tasklab import Trainer
from tasklab.errors import CheckpointError, ConfigError
from tasklab.tools.merge_adapter import merge_adapter
from tasklab.tools.opened import open_model

LORA = {"lora.rank": 2, "lora.alpha": 8, "optimizer.lr": 1e-2, "train.max_steps": 4, "train.save_steps": 2}


@pytest.fixture
def job(placed, tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    folder = tiny_texts.write_data(tmp_path / "data")

    def make(name, model="bert_base_uncased", **more):
        settings = tiny_texts.settings(**{"train.save_total_limit": None, **LORA, **more})
        return Trainer(settings, "text_classification", model, folder, folder, output_dir=tmp_path / name)

    return make


@pytest.mark.slow
def test_a_run_keeps_what_it_trained_and_answers_as_the_merged_model(job, placed, tmp_path, caplog):
    caplog.set_level(logging.INFO, "tasklab")
    trainer = job("run")
    last = Path(trainer.train()["last_checkpoint"])
    own = load_file(last / "model.safetensors")
    layer = "encoder.layers.0.attention"
    adapters = {f"{layer}.{dense}.lora.{matrix}" for dense in ("query", "value") for matrix in "ab"}
    assert set(own) == adapters | {"head.classifier.weight", "head.classifier.bias"}
    moments = load_file(last / "optimizer.safetensors")
    assert set(moments) == {f"moment{n}.{name}" for n in (1, 2) for name in own}
    assert json.loads((last / "adapter.json").read_text())["base"] == "bert_base_uncased"
    # 4 * 2 * 16 numbers of adapters, 2 * 16 + 2 of the head
    assert f"trained: {4 * 2 * 16 + 2 * 16 + 2} of " in caplog.text

    base = load_file(placed / "bert_base_uncased" / "model.safetensors")
    whole = open_model(last).tensors
    for dense in ("query", "value"):
        a, b = own[f"{layer}.{dense}.lora.a"], own[f"{layer}.{dense}.lora.b"]
        assert np.abs(b).max() > 0
        expected = base[f"bert.encoder.layer.0.attention.self.{dense}.weight"] + 8 / 2 * b.astype(np.float64) @ a
        np.testing.assert_allclose(np.asarray(whole[f"{layer}.{dense}.weight"]), expected, atol=1e-6)
    np.testing.assert_array_equal(
        np.asarray(whole[f"{layer}.key.weight"]), base["bert.encoder.layer.0.attention.self.key.weight"]
    )

    told = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    during = [record for record in told if record["kind"] == "evaluate"][-1]["loss"]
    assert trainer.evaluate()["loss"] == pytest.approx(during, abs=1e-5)
    folder = merge_adapter(str(tmp_path / "run"), to=tmp_path / "merged").folder
    assert not (folder / "adapter.json").exists() and "rank: 0" in (folder / "config.yaml").read_text()
    with pytest.raises(CheckpointError, match="merged: holds no adapters; it is a whole model already"):
        merge_adapter(str(folder), to=tmp_path / "again")
    answer = trainer.predict(input_data="anna lives in paris")
    assert Trainer(model=str(folder)).predict(input_data="anna lives in paris") == answer


@pytest.mark.slow
def test_a_resumed_run_ends_with_the_bytes_of_one_that_went_through(job, tmp_path):
    drops = {"lora.dropout": 0.2}
    through = Path(job("through", **drops).train()["last_checkpoint"])
    job("halved", **drops).train()
    shutil.rmtree(tmp_path / "halved" / "checkpoint-4")
    summary = Trainer(model=tmp_path / "halved").train(str(tmp_path / "halved" / "checkpoint-2"))
    resumed = Path(summary["last_checkpoint"])
    assert resumed.name == "checkpoint-4"
    for file in ("model.safetensors", "optimizer.safetensors", "adapter.json"):
        assert (resumed / file).read_bytes() == (through / file).read_bytes()


@pytest.mark.slow
def test_a_base_that_is_another_one_now_is_refused(job, tmp_path):
    tiny_qa.write_bert(tmp_path / "mine")
    last = Path(job("run", str(tmp_path / "mine"), **{"model.encoder": "bert"}).train()["last_checkpoint"])
    assert json.loads((last / "adapter.json").read_text())["base"] == str(tmp_path / "mine")
    weights = tmp_path / "mine" / "model.safetensors"
    tensors = load_file(weights)
    tensors["bert.embeddings.word_embeddings.weight"][0, 0] += 1
    save_file(tensors, weights)
    with pytest.raises(CheckpointError, match=r"holds adapters alone, .*\n.*mine: other weights than those"):
        Trainer(model=str(last)).predict(input_data="anna lives in paris")
    shutil.rmtree(tmp_path / "mine")
    with pytest.raises(CheckpointError, match=r"mine: no such file .*\n(.*\n)?Put them back to .*mine, or into check"):
        Trainer(model=str(last)).predict(input_data="anna lives in paris")
    tiny_qa.write_bert(Path("checkpoints") / "mine")  # found by its name there
    assert Trainer(model=str(last)).predict(input_data="anna lives in paris")[0]["label"] in ("happy", "sad")


@pytest.mark.slow
def test_adapters_stand_beside_adapters(job, tmp_path):
    first = job("first").train()["last_checkpoint"]
    second = Path(job("second", first, **{"lora.targets": ["intermediate"]}).train()["last_checkpoint"])
    own, merged = load_file(second / "model.safetensors"), open_model(second).tensors
    assert "encoder.layers.0.feed_forward.intermediate.lora.a" in own
    name = "encoder.layers.0.attention.query.weight"
    np.testing.assert_array_equal(np.asarray(merged[name]), np.asarray(open_model(first).tensors[name]))


@pytest.mark.parametrize(
    "more, told",
    [
        ({"lora.rank": 0, "lora.alpha": 8}, "lora.alpha = 8.0 changes nothing with lora.rank = 0; remove it, or"),
        ({"lora.targets": []}, "lora.targets is empty; name Denses, such as"),
        ({"from_scratch": True}, "lora.rank = 2 trains beside weights that are there, and from_scratch = true"),
        ({"lora.dropout": 0.1, "precision": "bf16"}, "lora.dropout 0.1 runs on stock operators, which have no bf16"),
        ({"lora.modules_to_save": ["heads"]}, "lora.modules_to_save: heads is no part of this network; parts"),
        ({"optimizer.rates": {"key": 0}}, "optimizer.rates: key is no part of what is trained"),
        ({"optimizer.rates": {"key": -1}}, "optimizer.rates: key is -1.0; expected a factor on lr from 0 on"),
    ],
)
def test_settings_that_cannot_be_kept_are_refused(job, more, told):
    with pytest.raises(ConfigError, match=told):
        job("run", **more).train()


def test_parts_with_a_rate_of_0_stand_still_and_the_checkpoint_is_whole(job, placed):
    rates = {"optimizer.rates": {"encoder.embeddings": 0, "head": 2}}
    last = Path(job("run", **{"lora.rank": 0, "lora.alpha": 16, **rates}).train()["last_checkpoint"])
    base, own = load_file(placed / "bert_base_uncased" / "model.safetensors"), load_file(last / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    np.testing.assert_array_equal(own["encoder.embeddings.word.weight"], base[f"bert.{name}"])
    query = "encoder.layers.0.attention.query.weight"
    assert np.abs(own[query] - base["bert.encoder.layer.0.attention.self.query.weight"]).max() > 0
    assert not any("embeddings" in moment for moment in load_file(last / "optimizer.safetensors"))
    assert "rates: {encoder.embeddings: 0.0, head: 2.0}" in (last / "config.yaml").read_text()
    assert Trainer(model=str(last)).config.optimizer.rates == {"encoder.embeddings": 0.0, "head": 2.0}
