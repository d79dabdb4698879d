"""Encoders that are no BERT, with characters as tokens: from files to answers."""

import os

import numpy as np
import pytest
import tiny_qa
import tiny_texts

from tasklab import Trainer
from tasklab.cli import main
from tasklab.model import start_model
from tasklab.weights.atomic import write_folder
from tasklab.weights.containers import open_weights
from tasklab.weights.containers.torch_writer import TorchFile


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


@pytest.fixture
def uer_file(rng, tmp_path):
    """What UER-py writes after pre-training an lstm of two layers."""
    shapes = {"embedding.word.embedding.weight": (tiny_qa.VOCAB_SIZE, 8), "target.lm.output_layer.bias": (1,)}
    for layer, size in enumerate((8, 16)):
        shapes |= {f"encoder.rnn.weight_ih_l{layer}": (64, size), f"encoder.rnn.weight_hh_l{layer}": (64, 16)}
        shapes |= {f"encoder.rnn.bias_ih_l{layer}": (64,), f"encoder.rnn.bias_hh_l{layer}": (64,)}
    tensors = {name: 0.2 * rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    write_folder(tmp_path / "uer", {"uer_lstm.bin": TorchFile(tensors)})
    return tmp_path / "uer" / "uer_lstm.bin"


def command(folder, weights, *more) -> list[str]:
    data, vocabulary = tiny_texts.write_data(folder / "data"), tiny_qa.write_vocabulary(folder)
    return ["train", "txtcls_lstm_chinese", "--from", str(weights), f"data.train={data / 'train.tsv'}",
            f"tokenizer.vocab={vocabulary}", f"model.vocab_size={tiny_qa.VOCAB_SIZE}", "model.hidden_size=16",
            "model.embedding_size=8", "data.max_seq_length=32", "data.num_buckets=1", f"output_dir={folder / 'run'}",
            *more]  # fmt: skip


def test_weights_that_are_named_start_a_recipe_of_random_starts(uer_file, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(
        "tasklab.session.training.train", lambda start, *_: started.append(start) or {"output_dir": "run"}
    )
    assert main(command(tmp_path, uer_file)) == 0
    (start,) = started
    assert (start.config.from_scratch, start.weights) == (False, str(uer_file))
    network = start_model(start.config, start.weights).network
    loaded = dict(network.parameters_and_names())["encoder.layers.0.layers.1.hidden.weight"]
    np.testing.assert_array_equal(loaded.asnumpy(), open_weights(uer_file)[1]["encoder.rnn.weight_hh_l1"])


@pytest.mark.slow
def test_a_training_starts_from_a_file_of_uer(uer_file, tmp_path, caplog):
    with caplog.at_level("INFO", "tasklab"):
        assert main(command(tmp_path, uer_file, "train.epochs=1", "train.batch_size=8")) == 0
    ledger = (
        "loaded 9 of 13 (81.8 % of encoder), new 4: encoder.pooler (weight, bias), head.classifier (weight, bias), "
        "dropped 1: target.lm.output_layer (bias)"
    )
    assert ledger in caplog.text
