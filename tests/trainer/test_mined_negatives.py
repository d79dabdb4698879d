"""The table of mined negatives and its report by hand, and a model trained on what another one mined."""

import json

import numpy as np
import pytest
import tiny_matching
import tiny_qa
from no_curves import NoCurves

from tasklab import Trainer
from tasklab.errors import ConfigError, DataError
from tasklab.tools import mine_negatives as tool
from tasklab.tools.mine_negatives import mine_negatives
from tests.tools.tiny_models import write_huggingface

ANGLES = {"a": 0, "a match": 30, "b": 90, "b match": 120, "far": 200, "near": 40, "nearest": 20}
"""The direction of each text's vector, in degrees."""


@pytest.fixture
def by_angle(monkeypatch):
    """Vectors that lie where ANGLES says, and a cross-encoder that holds what begins with n for a match."""
    def vectors(model, texts, settings):
        angles = np.radians([ANGLES[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def held(model, examples, offered, most):
        return [{text for text in row if text.startswith("n")} for row in offered]

    monkeypatch.setattr(tool, "_vectors", vectors)
    monkeypatch.setattr(tool, "_held_for_matches", held)


@pytest.fixture
def pairs(tmp_path):
    (tmp_path / "pairs.tsv").write_text(
        "text_a\ttext_b\tlabel\na\ta match\t1\nb\tb match\t1\na\tfar\t0\n", encoding="utf-8"
    )
    (tmp_path / "more.txt").write_text("far\nnear\n\nnearest\nA\n", encoding="utf-8")
    return tmp_path


def mined(folder, **options):
    told = mine_negatives("model", str(folder / "pairs.tsv"), to=str(folder / "mined.jsonl"), **options)
    lines = (folder / "mined.jsonl").read_text(encoding="utf-8").splitlines()
    return told, {row["anchor"]: row["negatives"] for row in map(json.loads, lines)}


def test_rows_and_report_by_hand(by_angle, pairs):
    # to a (match 30 degrees off): near 40, b match 120; nearest is nearer than the match. To b: near 50, nearest 70,
    # a match 60, a 90, far 110; the match is 30 off
    told, negatives = mined(pairs, corpus=str(pairs / "more.txt"), negatives=4, margin=0.05)
    assert negatives == {"a": ["near", "b match", "far"], "b": ["near", "a match", "nearest", "a"]}
    assert (told.kept, told.short, told.skipped, told.too_near, told.refused) == (1, 1, 0, 1, None)
    assert "2 rows; 1 with 4 negatives, 1 with fewer, 0 with none are left out" in str(told)


def test_a_cross_encoder_takes_out_what_it_holds_for_matches(by_angle, pairs):
    told, negatives = mined(pairs, corpus=str(pairs / "more.txt"), negatives=1, cross_encoder="judge")
    assert negatives == {"a": ["b match"], "b": ["a match"]} and told.refused == 2  # one near in each row


def test_without_a_corpus_second_texts_are_all_there_is(by_angle, pairs):
    told, negatives = mined(pairs)
    assert negatives == {"a": ["b match"], "b": ["a match"]} and told.short == 2


@pytest.mark.parametrize("options, told", [
    ({"to": "x.tsv"}, r"--to x.tsv: expected a name that ends with .jsonl"),
    ({"negatives": 0}, "--negatives 0: expected at least 1"),
    ({"margin": 1.0}, "--margin 1.0: expected a share from 0 to below 1"),
    ({"checked": 3}, "--checked 3 is what a cross-encoder looks at"),
    ({"checked": 3, "cross_encoder": "x"}, "--checked 3: expected at least --negatives 5"),
])  # fmt: skip
def test_options_that_cannot_be_are_refused(pairs, options, told):
    with pytest.raises(DataError, match=told):
        mine_negatives("model", str(pairs / "pairs.tsv"), **{"to": "mined.jsonl", **options})


def test_single_texts_and_rows_that_do_not_match_are_refused(tmp_path):
    (tmp_path / "one.txt").write_text("a text\nanother\n", encoding="utf-8")
    with pytest.raises(DataError, match="one.txt:1: is one text; negatives are told from a match"):
        mine_negatives("model", str(tmp_path / "one.txt"), to=str(tmp_path / "m.jsonl"))
    (tmp_path / "none.tsv").write_text("text_a\ttext_b\tlabel\na\tb\t0\n", encoding="utf-8")
    with pytest.raises(DataError, match="no row matches"):
        mine_negatives("model", str(tmp_path / "none.tsv"), to=str(tmp_path / "m.jsonl"))


def test_settings_shape_the_vectors_and_say_how_the_table_is_read(tmp_path):
    model = str(write_huggingface(tmp_path / "model"))
    (tmp_path / "pairs.tsv").write_text("question\tother\nthe river\tthe mill\nthe mill\tthe river\n", encoding="utf-8")
    told = mine_negatives(model, str(tmp_path / "pairs.tsv"), to=str(tmp_path / "mined.jsonl"),
                          settings=["data.text_a=question", "data.text_b=other", "data.max_seq_length=4"])  # fmt: skip
    assert told.kept + told.short + told.skipped == 2
    texts = ["the river mill", "the river old"]  # of four tokens [CLS] the river [SEP] nothing tells them apart
    cut, whole = (tool._vectors(model, texts, own) for own in (["data.max_seq_length=4"], []))
    np.testing.assert_allclose(cut[0], cut[1], atol=1e-6)
    assert np.abs(whole[0] - whole[1]).max() > 1e-3
    with pytest.raises(ConfigError, match="unknown key 'mdoel.pooling'; did you mean 'model.pooling'"):
        mine_negatives(model, str(tmp_path / "pairs.tsv"), to=str(tmp_path / "again.jsonl"),
                       settings=["data.text_a=question", "data.text_b=other", "mdoel.pooling=first"])  # fmt: skip


@pytest.mark.slow
def test_what_a_model_mined_another_learns_from(tmp_path, monkeypatch):
    monkeypatch.setattr("tasklab.session.training.Curves", NoCurves)
    vocabulary = tiny_qa.write_vocabulary(tmp_path / "vocabulary")
    data = tiny_matching.write_data(tmp_path / "data")

    def trained(folder, train, **settings):
        own = {"from_scratch": True, "tokenizer.vocab": str(vocabulary), "train.max_steps": 1, **settings}
        job = Trainer(tiny_matching.settings(**own), "text_matching", "bert_tiny", train, data / "dev.tsv",
                      output_dir=tmp_path / folder)  # fmt: skip
        job.train()
        return job

    vectors = {"model.pair_encoding": "cosine", "model.pooling": "mean", "loss.matching": "in_batch"}
    trained("towers", data / "train.tsv", **vectors)
    trained("judge", data / "train.tsv")
    told = mine_negatives(str(tmp_path / "towers"), str(data / "train.tsv"), to=str(tmp_path / "mined.jsonl"),
                          negatives=2, margin=0.0, cross_encoder=str(tmp_path / "judge"), most=1.0)  # fmt: skip
    assert told.kept + told.short + told.skipped == 8 and told.refused == 0
    with pytest.raises(ConfigError, match="a cross-encoder is a text_matching model over both texts in one row, this"):
        mine_negatives(str(tmp_path / "towers"), str(data / "train.tsv"), to=str(tmp_path / "again.jsonl"),
                       cross_encoder=str(tmp_path / "towers"))  # fmt: skip
    assert trained("second", tmp_path / "mined.jsonl", **vectors).evaluate()["total"] == 16
