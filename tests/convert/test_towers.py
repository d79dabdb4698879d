"""Models that read two texts apart as folders of sentence-transformers, whose vectors are the same."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.convert import convert
from tasklab.trainer import Trainer
from tasklab.vector_index.encoder import TextEncoder
from tests.tools.tiny_models import write_huggingface

REFERENCE = Path(__file__).parents[1] / "fixtures/towers_reference.json"


def towers(folder, **model) -> Path:
    """FOLDER/trained, a checkpoint of text matching, and FOLDER/sentences, what it is converted into."""
    from tasklab.model import start_model
    from tasklab.weights.folder import WEIGHTS, TensorFile, write_folder

    folder = Path(folder)
    encoder = write_huggingface(folder / "encoder")
    settings = {"model": {"pair_encoding": "cosine", "pooling": "mean", **model}, "data": {"max_seq_length": 8}}
    config = Trainer(settings, "text_matching", str(encoder)).config
    made = start_model(config, config.checkpoint)
    tensors = {name: parameter.asnumpy() for name, parameter in made.network.parameters_and_names()}
    write_folder(folder / "trained", {**made.files(), WEIGHTS: TensorFile(tensors)})
    convert(folder / "trained", folder / "sentences", "huggingface")
    return folder


def vectors_of(model, texts, *settings):
    return Trainer(task="feature_extraction", model=str(model), overrides=settings).predict(input_data=texts)


@pytest.mark.parametrize("encoding", ["cosine", "sbert", "siamese"])
def test_vectors_are_those_of_sentence_transformers(encoding, tmp_path):
    rows = json.loads(REFERENCE.read_text())
    folder = towers(tmp_path, pair_encoding=encoding)
    texts, wanted = [row["text"] for row in rows], [row["vector"] for row in rows]
    np.testing.assert_allclose(vectors_of(folder / "sentences", texts), wanted, atol=1e-5)
    own = vectors_of(folder / "trained", texts, "data.max_seq_length=8")
    np.testing.assert_allclose(own, wanted, atol=1e-5)


def test_modules_say_pooling_length_and_normalisation(tmp_path):
    folder = towers(tmp_path, pooling="first", projection_size=3) / "sentences"
    kinds = [module["type"].rpartition(".")[2] for module in json.loads((folder / "modules.json").read_text())]
    assert kinds == ["Transformer", "Pooling", "Normalize"]  # a projection is of training alone
    assert json.loads((folder / "1_Pooling/config.json").read_text())["pooling_mode_cls_token"] is True
    assert json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"] == 8


def test_an_index_takes_the_vectors_that_the_towers_learned(tmp_path):
    folder = towers(tmp_path, pooling="first")
    encoder = TextEncoder(folder / "trained")
    texts = ["a mill", "the old river"]
    np.testing.assert_allclose(encoder(texts), vectors_of(folder / "sentences", texts), atol=1e-6)
    assert encoder.description()["settings"] == ["model.pooling=first", "data.max_seq_length=8"]
    assert TextEncoder(folder / "trained", ["model.pooling=max"]).identity()["model.pooling"] == "max"


def test_what_compares_the_vectors_is_told_to_stay_behind(tmp_path, capsys):
    towers(tmp_path, pair_encoding="sbert")
    assert "what compares two vectors has no place there: head.classifier.bias" in capsys.readouterr().out


def test_two_texts_in_one_row_become_a_classifier_of_transformers(tmp_path):
    folder = towers(tmp_path, pair_encoding="joint", pooling="first") / "sentences"
    described = json.loads((folder / "config.json").read_text())
    assert described["architectures"] == ["BertForSequenceClassification"]
    assert described["id2label"] == {"0": "0", "1": "1"} and not (folder / "modules.json").exists()
