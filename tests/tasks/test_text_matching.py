"""The verbs of text matching on NumPy arrays; no network runs here."""

import json
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.files.answers import arranged
from tasklab.data.matching.examples import MatchingExample
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.errors import ConfigError, DataError
from tasklab.session.typed import typed_input
from tasklab.tasks.text_matching import TextMatching
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[1] / "fixtures/tiny_wordpiece_vocab.txt")
ROWS = "text_a\ttext_b\tlabel\nthe fox\tthe fox\t1\nthe\twhere\t0\n"


def task(encoding="cosine", **values) -> TextMatching:
    config = Config.create(MatchingDataConfig, task="text_matching", name="toy")
    config.model.pair_encoding = encoding
    for key, value in values.items():
        config[key.replace("__", ".")] = value
    return TextMatching(config, TOKENIZER)


def tokens(row) -> str:
    return " ".join(TOKENIZER.tokens[t] for t in row)


def read(job, tmp_path, text=ROWS, training=True):
    (tmp_path / "train.tsv").write_text(text, encoding="utf-8")
    return job.read(tmp_path / "train.tsv", training)[0]


def test_a_pair_is_one_row_together_and_a_row_of_two_parts_apart(tmp_path):
    together, apart = task("joint"), task("cosine")
    table = together.encode(read(together, tmp_path), True)
    assert tokens(table.row(1)["input_ids"]) == "[CLS] the [SEP] where [SEP]" and table["labels"].tolist() == [1, 0]
    table = apart.encode(read(apart, tmp_path), True)
    assert [tokens(part) for part in table.row(1)["input_ids"]] == ["[CLS] the [SEP]", "[CLS] where [SEP]"]
    assert table["labels"].tolist() == [1, 0] and table["labels"].dtype == np.float32


def test_an_evaluation_of_vectors_reads_every_text_once(tmp_path):
    job = task()
    table = job.encode(read(job, tmp_path), False)
    assert [tokens(table.row(i)["input_ids"]) for i in range(len(table))] == [
        "[CLS] the fox [SEP]", "[CLS] the [SEP]", "[CLS] where [SEP]",
    ]  # fmt: skip


def test_texts_that_a_row_lacks_are_parts_without_tokens():
    job = task(loss__matching="in_batch")
    examples = [MatchingExample("0", ("the", "fox", "where")), MatchingExample("1", ("the fox", "fox"))]
    table = job.encode(examples, True)
    assert table["present"].tolist() == [[1, 1, 1], [1, 1, 0]]
    first, second = table["texts"]
    assert first[1] == second[1] > 0 and second[2] == 0 and len({*first, second[0]}) == 4  # "fox" is in both
    batch = table.batch([1, 0], {"input": 4}, 3)
    assert batch["attention_mask"].sum(axis=-1).tolist() == [[4, 3, 0], [3, 3, 3], [1, 1, 1]]
    assert tokens(batch["input_ids"][1, 2][:3]) == "[CLS] where [SEP]"


def test_a_single_text_is_its_own_match():
    table = task(loss__matching="in_batch").encode([MatchingExample("0", ("the fox",))], True)
    assert [tokens(part) for part in table.row(0)["input_ids"]] == ["[CLS] the fox [SEP]"] * 2
    assert typed_input(task(), [MatchingExample("0", ("the fox",))]) == TextMatching.primer  # not one text alone


def test_rows_that_do_not_match_are_left_out_where_matches_are_learned(tmp_path):
    job = task(loss__matching="in_batch")
    table = job.encode(read(job, tmp_path), True)
    assert len(table) == 1 and table.info["pairs_left_out_as_they_do_not_match"] == 1


def test_a_pair_is_answered_by_its_cosine_and_a_match_from_the_threshold_on():
    job = task()
    examples = job.parse([("the fox", "where"), {"text_a": "the", "text_b": "the fox"}])
    rows = job.encode(examples, False)
    vectors = np.array([[3, 4], [4, 3], [0, 2]], np.float32)  # the fox, where... in the order of first appearance
    order = [tokens(rows.row(i)["input_ids"]) for i in range(3)]
    assert order == ["[CLS] the fox [SEP]", "[CLS] the [SEP]", "[CLS] where [SEP]"]
    outputs = [(np.array([2, 0]), (vectors[[2, 0]],)), (np.array([1]), (vectors[[1]],))]
    # cosines: (3 4)(0 1)/5 = 0.8, and (4 3)(3 4)/25 = 0.96
    found = job.decode(outputs, rows, examples)
    assert [answers[0]["score"] for answers in found] == [0.8, 0.96]
    job.recall({"threshold": 0.9})
    assert [answers[0]["match"] for answers in job.decode(outputs, rows, examples)] == [False, True]
    job.config.data.threshold = 0.7
    assert [answers[0]["match"] for answers in job.decode(outputs, rows, examples)] == [True, True]


def test_candidates_come_best_first_from_a_file_or_the_call(tmp_path):
    (tmp_path / "types.txt").write_text("7\tfox\tthe fox\n9\tplace\twhere\n", encoding="utf-8")
    job = task(data__candidates=str(tmp_path / "types.txt"))
    examples = job.parse(["the"])
    assert examples[0].texts == ("the", "fox：the fox", "place：where")
    vectors = np.array([[1, 0], [0, 1], [3, 4]], np.float32)
    found = job.decode([(np.arange(3), (vectors,))], job.encode(examples, False), examples)[0]
    assert found == [
        {"id": "9", "name": "place", "score": 0.6, "match": True},
        {"id": "7", "name": "fox", "score": 0.0, "match": False},
    ]
    job = task("joint")
    (example,) = job.parse({"text": "the", "candidates": ["fox", {"id": 3, "name": "place", "description": "where"}]})
    assert [(c.id, c.name, c.text) for c in example.candidates] == [("0", "fox", "fox"), ("3", "place", "place：where")]
    rows = job.encode([example], False)
    assert tokens(rows.row(0)["input_ids"]) == "[CLS] fox [SEP] the [SEP]"  # a candidate stands where text_a stood
    found = job.decode([(np.arange(2), (np.array([[0, 0], [0, 3]], np.float32),))], rows, [example], top_k=1)
    assert found == [[{"id": "3", "name": "place", "score": 0.952574, "match": True}]]  # 1 / (1 + exp(-3))


class Compared:
    """Knows each text by its tokens; a pair matches the better the more tokens its second text has than its first."""

    def __init__(self):
        self.read = []

    def __call__(self, rows):
        self.read += [tokens(rows.row(i)["input_ids"]) for i in range(len(rows))]
        yield np.arange(len(rows)), (np.array([[text.count(" ")] for text in self.read], np.float32),)

    def compare(self, first, second):
        return np.concatenate([first, second], axis=1)  # [N, 2]


def test_a_layer_above_two_vectors_has_every_text_read_once():
    run, job = Compared(), task("sbert")
    examples = job.parse([{"text": t, "candidates": ["fox", "the fox", "where"]} for t in ("the", "where")])
    found = job.answer(examples, run)
    assert sorted(run.read) == ["[CLS] fox [SEP]", "[CLS] the [SEP]", "[CLS] the fox [SEP]", "[CLS] where [SEP]"]
    # the candidate is the first of a pair: two tokens of it against one of the text are 1 / (1 + e)
    assert [[answer["score"] for answer in own] for own in found] == [[0.5, 0.5, 0.268941]] * 2
    assert [own[2]["name"] for own in found] == ["the fox"] * 2
    pair = job.parse([("the", "the fox")])
    assert job.answer(pair, Compared())[0][0]["score"] == 0.731059


def test_a_file_may_hold_the_candidates_of_each_text(tmp_path):
    file = tmp_path / "asked.jsonl"
    rows = [{"text": "the", "candidates": ["fox", "where"]}, {"text": "fox", "candidates": ["the"]}]
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    examples = task().parse(str(file))
    assert [e.texts for e in examples] == [("the", "fox", "where"), ("fox", "the")]
    file.write_text('{"text": "the", "candidates": ["fox"]}\n{"text": "fox", "candidates": []}\n', "utf-8")
    with pytest.raises(DataError, match=r"asked.jsonl:2: candidates is '..'; expected a list"):
        task().parse(str(file))


@pytest.mark.parametrize(
    "lines, expected",
    [
        ("1\tfox\n", "types.txt:1: 'fox' has no description"),
        ("1\tfox\tx\n1\tox\ty\n", "types.txt:2: the id '1' is that of line 1 too; give each candidate"),
        ("\n", "types.txt: holds no candidate"),
    ],
)
def test_candidates_that_cannot_be_told_apart_are_named(lines, expected, tmp_path):
    (tmp_path / "types.txt").write_text(lines, encoding="utf-8")
    with pytest.raises(DataError, match=expected):
        task(data__candidates=str(tmp_path / "types.txt")).parse("the")


@pytest.mark.parametrize(
    "given, expected",
    [
        ("the", "input.0.: 'the' is one text; what is it compared with"),
        ({"text": "the", "candidates": []}, "candidates is '..'; expected a list"),
        ({"text": "the", "candidates": [{"name": "x"}]}, r"candidates\[0\]: 'x' has no description"),
        ({"text": "the", "candidates": [{"id": 1, "description": "x"}, {"id": 1, "description": "y"}]}, "too; give"),
        ([("the", "")], "a text is empty"),
    ],
)
def test_what_is_no_comparison_is_named(given, expected):
    with pytest.raises(DataError, match=expected):
        task().parse(given)


def test_labels_of_0_and_1_are_scored_as_classes_and_others_by_their_order(tmp_path):
    job = task()
    answers = [[{"score": score}] for score in (0.9, 0.2)]
    scores = job.score(answers, read(job, tmp_path))
    assert scores["f1"] == scores["accuracy"] == 1 and 0.2 < scores["threshold"] < 0.9
    graded = read(job, tmp_path, ROWS.replace("\t0\n", "\t0.5\n"))
    assert set(job.score(answers, graded)) == {"spearmanr", "pearson", "total"}


def test_losses_and_encodings_that_do_not_go_together_are_refused():
    config = Config.create(MatchingDataConfig, task="text_matching", name="toy", loss={"matching": "in_batch"})
    assert any("loss.matching in_batch goes with model.pair_encoding cosine" in told for _, told in config.problems())
    config.model.pair_encoding, config.loss.matching, config.loss.scale = "cosine", "cosine_mse", 10
    told = [told for _, told in config.problems() if "loss.scale" in told]
    assert told[0].startswith("loss.scale = 10.0 changes nothing with loss.matching = cosine_mse; remove it, or take")
    with pytest.raises(ConfigError, match="data.output_prob: a cosine has none"):
        task(data__output_prob=True)


def test_candidates_below_a_threshold_are_left_out_but_the_best():
    job = task(data__threshold=0.5)
    examples = job.parse({"text": "the", "candidates": ["fox", "where", "berlin"]})
    rows = job.encode(examples, False)
    vectors = np.array([[1, 0], [3, 4], [4, 3], [0, 1]], np.float32)  # cosines with the first: 0.6, 0.8, 0
    found = job.decode([(np.arange(4), (vectors,))], rows, examples)[0]
    assert [(a["name"], a["score"]) for a in found] == [("where", 0.8), ("fox", 0.6)]
    job.config.data.threshold = 0.9
    found = job.decode([(np.arange(4), (vectors,))], rows, examples)[0]
    assert [(a["name"], a["match"]) for a in found] == [("where", False)]


def test_bare_numbers_are_printed_as_plm_task_does():
    assert arranged([{"score": 0.29, "match": False}, {"score": 0.9, "match": True}], "plain") == [0.29, 0.9]
    logits = {"score": 0.01, "match": False, "logits": [1.9092, -2.602]}
    assert arranged([logits], "plain") == [[1.9092, -2.602]]
    ranked = [[{"id": "2", "name": "平板", "score": 0.95, "match": True}]]
    assert arranged(ranked, "plain") == [[["平板", 0.95]]]
    assert arranged([[ranked[0][0] | {"logits": [-1.1, 1.154]}]], "plain") == [[["平板", 1.154]]]
    assert task(data__output_plain=True).layout == "plain"
