"""Several data sets with one encoder: classes by data set, mixtures, slices of the outputs; no network runs here."""

import math
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.texts.mixture import mixed
from tasklab.errors import DataError
from tasklab.nn.losses.classes import SlicedClassificationLoss
from tasklab.task import TRIVIAL
from tasklab.tasks.multi_task_classification import MixtureDataConfig, MultiTaskClassification
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")


@pytest.fixture
def task(tmp_path):
    """Two data sets: single texts with two labels, and pairs with three."""
    rows = {
        "mood": "label\ttext_a\ngood\tthe fox\nbad\twhere\ngood\tberlin\n",
        "pairs": "label\ttext_a\ttext_b\n2\tthe\tfox\n0\twho\twhere\n1\tin\tberlin\n",
    }
    for name, text in rows.items():
        (tmp_path / name).mkdir()
        for split in ("train", "dev"):
            (tmp_path / name / f"{split}.tsv").write_text(text)
    config = Config.create(MixtureDataConfig, task="multi_task_classification", name="toy")
    config.data.train = str(tmp_path)
    job = MultiTaskClassification(config, TOKENIZER)
    job.settle([])
    return job


def test_classes_belong_to_their_data_set(task):
    assert task.config.model.labels == ["mood/bad", "mood/good", "pairs/0", "pairs/1", "pairs/2"]
    kept = list(reversed(task.config.model.labels))
    task.config.model.labels = []
    task.settle(kept)
    assert task.config.model.labels == kept


def test_single_texts_and_pairs_stand_in_one_table_in_their_order(task):
    examples, _ = task.read(task.config.data.train, False)
    table = task.encode([examples[1], examples[0]], False)
    tokens = [[TOKENIZER.tokens[t] for t in table.row(i)["input_ids"]] for i in range(2)]
    assert tokens == [["[CLS]", "the", "[SEP]", "fox", "[SEP]"], ["[CLS]", "the", "fox", "[SEP]"]]
    assert table["labels"].tolist() == [4, 1]
    assert table["first_class"].tolist() == [2, 0] and table["end_class"].tolist() == [5, 2]


def test_a_row_s_loss_sees_its_own_classes_only(run):
    logits = np.array([[0, 0, 50, 60, 70], [80, 90, 0, 0, 0]], np.float32)
    columns = [np.array(values, np.int32) for values in ([1, 4], [0, 2], [2, 5])]
    total, count = run(SlicedClassificationLoss(), logits, *columns, np.ones(2, np.float32))
    assert (float(total), float(count)) == (pytest.approx(math.log(2) + math.log(3), rel=1e-5), 2)


def test_every_head_answers_and_is_scored_on_its_own_rows(task):
    examples, _ = task.read(task.config.data.train, False)
    right = {"mood/good": [0, 9, 0, 0, 0], "mood/bad": [9, 0, 0, 0, 0]}
    logits = np.array([right.get(e.label, [0, 0, 9, 0, 0]) for e in examples], np.float32)
    predictions = task.decode([(np.arange(6), (logits,))], None, examples)
    assert [e.group for e in examples] == ["mood", "pairs"] * 3
    assert predictions[0] == [{"mood": {"label": "good", "score": 0.9999}, "pairs": {"label": "0", "score": 0.3333}}]
    scores = task.score(predictions, examples)
    assert (scores["mood/accuracy"], scores["pairs/accuracy"]) == (1, pytest.approx(1 / 3))
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert task.baselines(examples)[TRIVIAL]["mood/accuracy"] == pytest.approx(2 / 3)
    report = task.report(predictions, examples)
    assert report.groups["data set"]["mood"] == {"accuracy": 1.0, "count": 3}
    assert report.groups["data set"]["pairs"] == {"accuracy": pytest.approx(1 / 3), "count": 3}
    assert [(row["text"], row["text_b"], row["truth"], row["answer"], row["data_set"]) for row in report.wrong] == [
        ("the", "fox", "2", "0", "pairs"), ("in", "berlin", "1", "0", "pairs"),
    ]  # fmt: skip


def test_outputs_and_probabilities_of_each_head_are_told_where_asked_for(task):
    examples, _ = task.read(task.config.data.train, False)
    task.config.data.output_logits = task.config.data.output_prob = True
    ((answer,),) = task.decode([(np.arange(1), (np.array([[0, 0, 9, 0, 0]], np.float32),))], None, examples[:1])
    assert answer["mood"]["logits"] == [0, 0] and answer["mood"]["prob"] == [0.5, 0.5]
    assert answer["pairs"]["logits"] == [9, 0, 0]
    assert answer["pairs"]["prob"] == [0.999753, 0.000123, 0.000123]  # e^9 and e^0 twice, of e^9 + 2


@pytest.mark.parametrize("temperature, small", [(1, 4), (2, 8), (math.inf, 16)])
def test_a_mixture_lets_small_sets_come_more_often(temperature, small):
    # 4 of 16 rows; with temperature 2 in proportion sqrt(4) : sqrt(16)
    rows = mixed({"large": list("0123456789ABCDEF"), "small": list("abcd")}, temperature)
    assert len(rows) == 16 + small and [row for row in rows if row not in "abcd"] == list("0123456789ABCDEF")
    assert [rows.count(x) for x in "abcd"] == [small / 4] * 4
    half = rows[: len(rows) // 2]  # whoever takes the first rows takes some of each set
    assert sum(row in "abcd" for row in half) == small / 2


def test_the_rows_that_come_once_more_are_of_all_parts_of_a_small_set():
    small = ["+"] * 40 + ["-"] * 40  # sorted by label; 80 of 120 rows come once, 40 once more
    rows = mixed({"large": ["x"] * 120, "small": list(enumerate(small))}, math.inf)
    counts = {row: rows.count(row) for row in rows if row != "x"}
    assert sum(counts.values()) == 120 and set(counts.values()) == {1, 2}
    again = [label for (_, label), count in counts.items() if count == 2]
    assert 12 <= again.count("+") <= 28  # of 40 that are drawn, 20 expected; 3.5 deviations to either side
    assert mixed({"large": ["x"] * 120, "small": list(enumerate(small))}, math.inf) == rows


def test_a_data_set_the_model_does_not_know_is_refused(task, tmp_path):
    (tmp_path / "more").mkdir()
    with pytest.raises(DataError, match="more: the model knows the data sets mood, pairs, not 'more'"):
        task.read(tmp_path, False)
    with pytest.raises(DataError, match="mood: expected a folder with one folder per data set; .* holds dev.tsv"):
        task.read(tmp_path / "mood", False)
