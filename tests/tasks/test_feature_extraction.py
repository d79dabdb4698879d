"""The verbs of feature extraction on NumPy arrays; no network runs here."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.errors import ConfigError, DataError
from tasklab.task import TRIVIAL
from tasklab.tasks.feature_extraction import FeatureExtraction, VectorDataConfig
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")


def task(**values) -> FeatureExtraction:
    config = Config.create(VectorDataConfig, task="feature_extraction", name="toy")
    for key, value in values.items():
        config[key.replace("__", ".")] = value
    return FeatureExtraction(config, TOKENIZER)


def decoded(job, inputs, vectors):
    examples = job.parse(inputs)
    features = job.encode(examples, False)
    vectors = np.array(vectors, np.float32)
    rows = np.arange(len(vectors))[::-1]  # batches come in any order
    return [answers[0] for answers in job.decode([(rows, (vectors[::-1],))], features, examples)]


def test_a_text_is_one_row_and_a_pair_two():
    job = task()
    table = job.encode(job.parse(["the fox"]), False)
    assert [TOKENIZER.tokens[t] for t in table.row(0)["input_ids"]] == ["[CLS]", "the", "fox", "[SEP]"]
    table = job.encode(job.parse([("the fox", "where"), ("where", "the")]), False)
    assert [len(table.row(i)["input_ids"]) for i in range(4)] == [4, 3, 3, 3]


def test_vectors_have_length_1_unless_that_is_switched_off():
    found = decoded(task(), ["the", "fox"], [[3, 4], [0, 2]])
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 1]], atol=1e-7)
    np.testing.assert_allclose(decoded(task(data__normalize=False), ["the", "fox"], [[3, 4], [0, 2]]), [[3, 4], [0, 2]])


def test_a_pair_is_answered_by_the_cosine_of_its_vectors():
    pairs = [("the", "fox"), ("the", "where")]
    assert decoded(task(), pairs, [[3, 4], [6, 8], [1, 0], [0, 5]]) == [{"score": 1.0}, {"score": 0.0}]


def test_an_evaluation_correlates_cosines_with_scores(tmp_path):
    rows = ("sentence1\tsentence2\tscore", "the fox\tthe fox\t5", "the\tfox\t0", "the fox\tthe\t2")
    (tmp_path / "dev.tsv").write_text("\n".join(rows))
    job = task()
    examples, note = job.read(tmp_path / "dev.tsv", False)
    # ranks of the cosines 1, 0.2, 0.1 and of the scores 5, 0, 2: 3 2 1 and 3 1 2, so 1 - 6 * 2 / (3 * 8) = 0.5
    scores = job.score([[{"score": cosine}] for cosine in (1, 0.2, 0.1)], examples)
    assert scores["spearmanr"] == pytest.approx(0.5) and scores["total"] == 3 and note == ""
    assert job.baselines(examples)[TRIVIAL]["spearmanr"] == pytest.approx(1)  # shared words: 2 of 2, 0, 1 of 2 and 1
    report = job.report([[{"score": cosine}] for cosine in (1, 0.2, 0.1)], examples)
    assert report.intervals().keys() == {"pearson", "spearmanr"}
    (row,) = report.wrong  # ranks 3 2 1 beside 3 1 2: the second is a third of all places too far up
    assert (row["text"], row["text_b"], row["line"], row["score"]) == ("the", "fox", "3", 0.3333)


def test_an_evaluation_needs_pairs(tmp_path):
    (tmp_path / "dev.tsv").write_text("text\tscore\nthe fox\t5\n")
    with pytest.raises(DataError, match="dev.tsv:2: is one text; an evaluation compares two, .* with data.text_b"):
        task().read(tmp_path / "dev.tsv", False)


def test_single_texts_among_pairs_are_refused():
    job = task()
    with pytest.raises(DataError, match=r"input\[1\]: single texts and pairs are mixed; give each input one text, or"):
        job.encode(job.parse([("the", "fox"), "where"]), False)


def test_texts_that_are_cut_are_counted_aloud(caplog):
    job = task(data__max_seq_length=4)
    assert job.encode(job.parse(["the fox the fox", "the"]), False).info == {"cut_rows": 1}
    assert "1 of 2 texts are cut after 4 tokens (data.max_seq_length)" in caplog.text


def test_files_are_read_one_by_one_and_what_is_left_out_is_said(tmp_path, caplog):
    (tmp_path / "a.txt").write_text("the\n\nfox\nwhere\n")
    examples = task(data__on_bad_row="skip").parse(tmp_path / "a.txt")
    assert isinstance(examples, Iterator) and [e.text_a for e in examples] == ["the", "fox", "where"]
    assert "left out 1: empty text (1); first: " in caplog.text


def test_a_layer_that_does_not_exist_is_a_mistake():
    job = task(model__num_hidden_layers=2, model__hidden_layer=3)
    with pytest.raises(ConfigError, match="model.hidden_layer 3 does not exist among 2 layers; they count from 1"):
        job.config.validate()
