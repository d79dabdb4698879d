"""Trainings of text matching at toy size: learned by heart, resumed to the same losses, answered from the folder."""

import json
import shutil
from pathlib import Path

import pytest
import tiny_matching
import tiny_qa
from no_curves import NoCurves

from tasklab import Trainer, VectorIndex
from tasklab.cli import main
from tasklab.errors import ConfigError


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """trainer(recipe, **settings): a job from random weights, on the toy pairs."""
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)

    def make(recipe, run="run", **settings):
        vocabulary = tiny_qa.write_vocabulary(tmp_path / "vocabulary")
        own = {"from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.batch_size": 8}
        own |= {key.replace("__", "."): value for key, value in settings.items()}
        folder = tiny_matching.write_data(tmp_path / "data")
        return Trainer(
            tiny_matching.settings(**own), "text_matching", recipe, folder, folder, output_dir=tmp_path / run
        )  # fmt: skip

    return make


@pytest.mark.slow
def test_pairs_are_learned_by_heart_and_the_threshold_stays_with_the_model(trainer):
    job = trainer("matching_dssm_minilm_l6", loss__matching="cosent", train__epochs=30, optimizer__lr=3e-3,
                  train__eval_strategy="steps", train__eval_steps=60)  # fmt: skip
    summary = job.train()
    scores = job.evaluate()
    assert scores["f1"] > 0.95 and scores["average_precision"] > 0.95
    kept = json.loads((Path(summary["best_checkpoint"]) / "metrics.json").read_text(encoding="utf-8"))
    assert kept["threshold"] == scores["threshold"]
    *pairs, labels = zip(*tiny_matching.rows(), strict=True)
    answers = Trainer(model=summary["best_checkpoint"]).predict(input_data=list(zip(*pairs, strict=True)))
    right = [answer["match"] == bool(label) for answer, label in zip(answers, labels, strict=True)]
    assert sum(right) >= 0.95 * len(right)


@pytest.mark.slow
def test_both_networks_above_pairs_learn_them_by_heart_and_one_reranks_what_the_other_looks_up(
    trainer, tmp_path, capsys
):  # fmt: skip
    settings = dict(train__epochs=200, optimizer__lr=3e-3, train__batch_size=16, train__eval_strategy="no",
                    model__num_hidden_layers=1, model__hidden_dropout_prob=0.0, model__attention_probs_dropout_prob=0.0,
                    model__initializer_range=0.05, model__pooling="mean")  # fmt: skip
    apart = trainer("matching_sentence_transformer_minilm_l6", "apart", **settings)
    together = trainer("matching_pointwise_minilm_l6", "together", **settings)
    for job in (apart, together):
        job.train()
        assert job.evaluate()["average_precision"] > 0.95
    (text, match, _), (_, other, _) = tiny_matching.rows()[:2]
    found = apart.predict(input_data={"text": text, "candidates": [other, match]}, top_k=2)
    assert found[0][0]["name"] == match
    questions = sorted({second for _, second, _ in tiny_matching.rows()})
    VectorIndex.build(questions, model=tmp_path / "apart").save(tmp_path / "index")
    capsys.readouterr()
    assert not main(["query", str(tmp_path / "index"), text, "--rerank", str(tmp_path / "together"), "--top-k", "8"])
    hits = json.loads(capsys.readouterr().out)
    scores = together.predict(input_data=[(text, hit["text"]) for hit in hits])
    assert [hit["score"] for hit in hits] == [answer["score"] for answer in scores] and len(hits) == len(questions)
    ranks = {hit["text"]: rank for rank, hit in enumerate(hits)}
    assert ranks[match] < ranks[other] and hits[0]["similarity"] <= 1


@pytest.mark.slow
def test_a_resumed_run_of_esimcse_ends_with_the_bytes_of_one_that_went_through(trainer, tmp_path):
    texts = "".join(f"{a}\n" for a, _, _ in tiny_matching.rows()[::2])
    (tmp_path / "texts.txt").write_text(texts, encoding="utf-8")
    lasts = []
    for run in ("through", "halved"):
        job = trainer("matching_esimcse_minilm_l6", run, loss__queue_size=20, train__save_steps=2, train__max_steps=4,
                      train__eval_strategy="no", train__batch_size=4)  # fmt: skip
        job.config.data.train = str(tmp_path / "texts.txt")
        lasts.append(Path(job.train()["last_checkpoint"]))
    shutil.rmtree(lasts[1])
    Trainer(model=tmp_path / "halved").train(str(tmp_path / "halved" / "checkpoint-2"))
    for file in ("model.safetensors", "optimizer.safetensors"):
        assert (lasts[1] / file).read_bytes() == (lasts[0] / file).read_bytes()


def test_labels_that_the_task_names_itself_are_not_taken_from_the_user(trainer):
    own = "model.labels = .'no', 'yes'.: text_matching has labels of its own here, .'0', '1'.; leave it out"
    with pytest.raises(ConfigError, match=own):
        trainer("matching_dssm_minilm_l6", model__labels=["no", "yes"]).train()
