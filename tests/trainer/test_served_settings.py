"""Which settings an answer follows: what belongs to the model stays the model's, what is asked for is taken."""

import logging
from pathlib import Path

import numpy as np
import pytest
import tiny_qa
import tiny_tags
import tiny_texts

from tasklab import Trainer
from tasklab.digest import file_sha256
from tasklab.errors import ConfigError


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """Learned from a file whose tags belong to characters; what the data settles stands in its folder."""
    home = tmp_path_factory.mktemp("tagger")
    (home / "train.conll").write_text("a\tB-PER\nn\tI-PER\nn\tI-PER\na\tI-PER\n2\tO\n0\tO\n\n")
    settings = tiny_tags.settings(**{
        "from_scratch": True, "tokenizer.vocab": str(tiny_qa.write_vocabulary(home)), "train.max_steps": 1,
        "data.units": "characters",
    })  # fmt: skip
    trainer = Trainer(settings, "token_classification", "bert_tiny", home / "train.conll", output_dir=home / "run")
    folder = trainer.train()["last_checkpoint"]
    trainer.config.data.units = None  # as the file says
    return trainer, folder


def tags(trainer, checkpoint=None):
    (line,) = trainer.predict(checkpoint, input_data=["2024anna"])
    return line["pred_label"].split()


def test_a_tagger_cuts_texts_as_it_learned_whoever_asks(tagger):
    trainer, folder = tagger
    trainer.config.data.output_tags = True
    alone = Trainer(model=folder, overrides=["data.output_tags=true"])
    assert len(tags(alone)) == 8 and tags(trainer) == tags(alone)  # characters


@pytest.mark.slow
def test_rows_asked_for_otherwise_stay_the_models_and_this_is_told(seed_flow, caplog):
    checkpoint = seed_flow.trained["last_checkpoint"]
    settings = tiny_qa.settings(**{"data.max_seq_length": 24, "data.doc_stride": 3})
    trainer = Trainer(settings, "question_answering", "qa_bert_base_uncased")
    context = " ".join(["anna lives in berlin ."] * 9)
    asked = [{"context": context, "question": "where does anna live"}]
    expected = Trainer(model=checkpoint).predict(input_data=asked)
    with caplog.at_level(logging.WARNING, "tasklab"):
        assert trainer.predict(checkpoint, asked) == expected
    assert "keeps the rows that it learned from: data.max_seq_length = " in caplog.text
    assert "(not 24), data.doc_stride = " in caplog.text


@pytest.mark.slow
def test_a_kept_network_is_not_taken_for_one_with_other_settings(tmp_path):
    tiny_qa.write_bert(tmp_path / "model")
    settings = {"data.max_seq_length": 16, "device_target": "CPU"}
    trainer = Trainer(settings, "feature_extraction", str(tmp_path / "model"))
    texts = ["anna lives in berlin"]
    mean = trainer.predict(input_data=texts)
    trainer.config.model.pooling = "max"
    largest = trainer.predict(input_data=texts)
    assert not np.allclose(mean, largest, atol=1e-3)
    fresh = Trainer({**settings, "model.pooling": "max"}, "feature_extraction", str(tmp_path / "model"))
    np.testing.assert_array_equal(largest, fresh.predict(input_data=texts))
    trainer.config.model.pooling = "mean"
    trainer.config.data.normalize = False  # needs no other network
    loose = trainer.predict(input_data=texts)
    np.testing.assert_allclose(loose / np.linalg.norm(loose), mean, atol=1e-6)


def test_what_does_not_go_together_is_refused_before_anything_is_computed(seed_flow):
    settings = tiny_texts.settings(**{"data.max_seq_length": 100, "model.max_position_embeddings": 512})
    trainer = Trainer(settings, "feature_extraction", "bert_tiny")
    with pytest.raises(ConfigError, match="data.max_seq_length 100 is more than model.max_position_embeddings 64"):
        trainer.predict(seed_flow.trained["last_checkpoint"], ["anna"])


def test_a_run_goes_on_with_what_it_began_with_though_nobody_reads_it(tmp_path, caplog):
    """Recipes once wrote model.pooling into runs of taggers, which have no pooling."""
    data, vocabulary = tiny_tags.write_data(tmp_path / "data"), tiny_qa.write_vocabulary(tmp_path)
    settings = tiny_tags.settings(**{"from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.max_steps": 1})
    trainer = Trainer(settings, "token_classification", "bert_tiny", data, output_dir=tmp_path / "run")
    folder = Path(trainer.train()["last_checkpoint"])
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("pooling: null", "pooling: mean"))
    sums = folder / "SHA256SUMS"
    listed = [line for line in sums.read_text().splitlines() if not line.endswith("config.yaml")]
    sums.write_text("\n".join([*listed, f"{file_sha256(config)}  config.yaml"]) + "\n")
    assert "pooling: mean" in config.read_text()
    with caplog.at_level(logging.INFO, "tasklab"):
        trainer.train(str(tmp_path / "run"))
    assert "it is finished, nothing is left to do" in caplog.text


def test_another_tokenizer_is_told_and_an_equal_vocabulary_is_not(tagger, tmp_path, caplog):
    _, folder = tagger
    same = tiny_qa.write_vocabulary(tmp_path)
    (tmp_path / "other.txt").write_text(same.read_text() + "zebra\n")
    for overrides, told in (([f"tokenizer.vocab={same}"], False), (["tokenizer.lowercase=false"], True),
                            ([f"tokenizer.vocab={tmp_path / 'other.txt'}"], True)):  # fmt: skip
        caplog.clear()
        with caplog.at_level(logging.WARNING, "tasklab"):
            Trainer(model=folder, overrides=overrides).predict(input_data=["anna"])
        assert ("keeps its own: " in caplog.text) == told, overrides
