"""Feature extraction from a model folder to vectors: what is loaded, any batch size, whitening, files."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tiny_qa
import tiny_texts
from safetensors.numpy import load_file, save_file

from tasklab import Trainer
from tasklab.cachedir import cache_dir
from tasklab.errors import CheckpointError, ConfigError, DataError
from tasklab.session.ready import Ready
from tasklab.tools.whiten import whiten

TEXTS = [f"{name} lives in {city}" for name, city in tiny_qa.PEOPLE.items()]
REFERENCE = Path(__file__).parents[1] / "fixtures/vectors_minilm_l6.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model in HuggingFace's layout with two layers, a pooler, and a head that predicts words."""
    place = tmp_path_factory.mktemp("vectors") / "model"
    tiny_qa.write_bert(place)
    tensors, rng = load_file(place / "model.safetensors"), np.random.default_rng(1)
    tensors |= {n.replace("layer.0", "layer.1"): 1.5 * t for n, t in tensors.items() if "layer.0" in n}
    tensors |= {"cls.predictions.bias": rng.standard_normal(tiny_qa.VOCAB_SIZE).astype(np.float32)}
    save_file(tensors, place / "model.safetensors")
    config = json.loads((place / "config.json").read_text()) | {"num_hidden_layers": 2}
    (place / "config.json").write_text(json.dumps(config))
    return place


def trainer(model, **values):
    settings = {"data.max_seq_length": 16, "evaluate.batch_size": 4, "device_target": "CPU", **values}
    return Trainer(settings, "feature_extraction", str(model))


@pytest.fixture(scope="module")
def vectors(folder):
    return trainer(folder, **{"data.normalize": False}).predict(input_data=TEXTS)


def test_the_whole_encoder_is_loaded_and_heads_are_left_aside_aloud(folder, caplog):
    with caplog.at_level("INFO", "tasklab"):
        found = trainer(folder).predict(input_data=TEXTS[0])
    assert "loaded 37 of 37 (100.0 % of encoder), dropped 3: encoder.pooler" in caplog.text
    assert "head.mlm (bias)" in caplog.text
    assert found.shape == (1, 16) and found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)


def test_vectors_do_not_depend_on_batch_size_order_or_company(folder, vectors):
    assert vectors.shape == (10, 16)
    job = trainer(folder, **{"data.normalize": False})
    for size, order in ((3, range(10)), (4, range(9, -1, -1)), (4, [5])):
        found = job.predict(input_data=[TEXTS[i] for i in order], batch_size=size)
        np.testing.assert_allclose(found, vectors[list(order)], atol=1e-6)


def test_a_lower_layer_is_that_of_a_model_without_those_above(folder, vectors, tmp_path, caplog):
    with caplog.at_level("INFO", "tasklab"):
        found = trainer(folder, **{"model.hidden_layer": 1, "data.normalize": False}).predict(input_data=TEXTS[:4])
    assert "encoder.layers.1 (16 tensors)" in caplog.text and not np.allclose(found, vectors[:4], atol=1e-2)
    tiny_qa.write_bert(tmp_path / "one")  # the same seed: the first layer alone
    one = trainer(tmp_path / "one", **{"data.normalize": False}).predict(input_data=TEXTS[:4])
    np.testing.assert_allclose(found, one, atol=1e-6)


def test_whitening_is_fitted_once_and_lies_in_the_folder(folder, vectors, tmp_path, caplog):
    (tmp_path / "corpus.txt").write_text("\n\n".join(TEXTS))  # blank lines are no texts
    made = whiten(str(folder), str(tmp_path / "corpus.txt"), to=tmp_path / "white", dimensions=3,
                  settings=["data.max_seq_length=16"])  # fmt: skip
    assert (made.texts, made.size, made.dimensions) == (10, 16, 3) and "fitted to 10 texts" in str(made)
    wide = vectors.astype(np.float64)
    values, directions = np.linalg.eigh(np.cov(wide.T))
    expected = (wide - wide.mean(axis=0)) @ directions[:, ::-1][:, :3] / np.sqrt(values[::-1][:3])
    white = trainer(tmp_path / "white", **{"data.normalize": False}).predict(input_data=TEXTS)
    signs = np.sign((white * expected).sum(axis=0))  # a direction may point either way
    np.testing.assert_allclose(white * signs, expected, atol=1e-3)
    np.testing.assert_allclose(np.cov(white.T), np.eye(3), atol=1e-3)
    with pytest.raises(ConfigError, match="its whitening was fitted to model.pooling = mean, and model.pooling = max"):
        trainer(tmp_path / "white", **{"model.pooling": "max"}).predict(input_data=TEXTS[0])
    with pytest.raises(CheckpointError, match="white: is whitened already; give the model that it was made from"):
        whiten(str(tmp_path / "white"), str(tmp_path / "corpus.txt"), to=tmp_path / "again")


def test_too_few_texts_for_the_dimensions_are_refused(folder, tmp_path):
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS))
    short = ["data.max_seq_length=16"]
    with pytest.raises(DataError, match="--dimensions 17: expected 1 to 16, the size of the vectors"):
        whiten(str(folder), str(tmp_path / "corpus.txt"), to=tmp_path / "w", dimensions=17, settings=short)
    with pytest.raises(DataError, match="10 texts are too few to tell 12 directions apart; give at least 13, better"):
        whiten(str(folder), str(tmp_path / "corpus.txt"), to=tmp_path / "w", dimensions=12, settings=short)
    assert not (tmp_path / "w").exists()


def test_pairs_with_scores_are_evaluated(folder, vectors, tmp_path):
    pairs = list(zip(TEXTS[:5], TEXTS[5:], strict=True))
    lines = [f"{a}\t{b}\t{i}" for i, (a, b) in enumerate(pairs)]
    (tmp_path / "dev.tsv").write_text("\n".join(["text_a\ttext_b\tscore", *lines]))
    job = trainer(folder)
    metrics = job.evaluate(eval_dataset=tmp_path / "dev.tsv", predictions_file=tmp_path / "p.json")
    a, b = vectors[:5].astype(np.float64), vectors[5:].astype(np.float64)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert metrics["pearson"] == pytest.approx(np.corrcoef(cosine, range(5))[0, 1], abs=1e-4)
    told = [row["answers"][0]["score"] for row in json.loads((tmp_path / "p.json").read_text())]
    assert told == pytest.approx(cosine, abs=1e-5) == [a["score"] for a in job.predict(input_data=pairs)]


def test_several_answers_are_asked_for_and_there_is_one_vector(folder):
    job = trainer(folder)
    one, several = job.predict(input_data=TEXTS[:2]), job.predict(input_data=TEXTS[:2], top_k=2)
    assert [len(answers) for answers in several] == [1, 1]
    np.testing.assert_array_equal([answers[0] for answers in several], one)


def test_training_is_refused_with_what_to_do_instead(folder):
    with pytest.raises(ConfigError, match="feature_extraction is not trained: it takes a model as it is. Train"):
        trainer(folder).train()
    with pytest.raises(ConfigError, match="feature_extraction is not trained"):
        trainer(folder, **{"data.train": "t.tsv"}).hyperparameter_search()


def test_a_checkpoint_of_another_task_lends_its_encoder(seed_flow, run):
    place = seed_flow.trained["last_checkpoint"]
    settings = tiny_texts.settings(**{"model.pooling": "last", "data.normalize": False})
    found = Trainer(settings, "feature_extraction", "bert_tiny").predict(place, TEXTS[:1])
    answering = Ready(place, seed_flow.trainer.config).model  # question answering has the same encoder
    (ids, _), tokenizer = answering.task.tokenizer.encode_batch(TEXTS[:1])[0], answering.task.tokenizer
    row = np.array([[tokenizer.cls_id, *ids, tokenizer.sep_id]], np.int32)
    hidden = run(answering.network.encoder, row, np.ones_like(row), np.zeros_like(row))
    np.testing.assert_allclose(found, hidden[:, -1], atol=1e-5)


@pytest.mark.slow
def test_minilm_gives_the_vectors_of_sentence_transformers():
    place = os.environ.get("TASKLAB_TEST_MINILM") or cache_dir() / "weights" / "minilm_l6"
    if not (Path(place) / "model.safetensors").is_file():
        pytest.skip("all-MiniLM-L6-v2 is not in the cache; name its folder in TASKLAB_TEST_MINILM")
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    found = Trainer(task="feature_extraction", model=str(place)).predict(input_data=reference["texts"])
    assert found.shape == (5, 384)
    np.testing.assert_allclose(found[:, :64], reference["vectors"], atol=1e-5)
