"""Tables of pairs, triples and single texts; what is wrong in them is named with file and line."""

import json

import pytest

from tasklab.config import Config
from tasklab.config.matching_losses import LABELS, MATCHES, NEGATIVES, SCORES, TEACHER
from tasklab.data.matching.examples import MatchingExample, comparisons
from tasklab.data.matching.reading import contradictions, matches_of, read_matching
from tasklab.data.matching.settings import MatchingDataConfig
from tasklab.errors import DataError

HEADER = "text_a\ttext_b\tlabel\n"


def data(**values):
    config = Config.create(MatchingDataConfig, task="text_matching", name="toy").data
    for key, value in values.items():
        config[key] = value
    return config


def read(tmp_path, text, learns_from=SCORES, training=True, name="train.tsv", **values):
    (tmp_path / name).write_text(text, encoding="utf-8")
    examples, bad = read_matching(tmp_path / name, data(**values), learns_from, training)
    bad.raise_if_fatal()
    return examples


def test_a_pair_has_a_label_from_0_to_1(tmp_path):
    examples = read(tmp_path, HEADER + "a\tb\t1\nc\td\t0\n")
    assert [(e.id, e.texts, e.label) for e in examples] == [("0", ("a", "b"), 1.0), ("1", ("c", "d"), 0.0)]
    scored = read(tmp_path, "sentence1\tsentence2\tscore\na\tb\t4\nc\td\t0.5\n", score_range=(0, 5))
    assert [e.label for e in scored] == [0.8, 0.1]


def test_two_texts_and_a_number_need_no_header(tmp_path):
    assert [e.texts for e in read(tmp_path, "水果：多汁\t很甜\t1\n手机：电话\t很甜\t0\n", name="train.txt")] == [
        ("水果：多汁", "很甜"), ("手机：电话", "很甜"),
    ]  # fmt: skip


def test_names_of_labels_can_stand_for_numbers(tmp_path):
    rows = HEADER + "a\tb\tentailment\nc\td\tcontradiction\n"
    names = {"entailment": "1", "contradiction": "0"}
    assert [e.label for e in read(tmp_path, rows, label_names=names)] == [1, 0]


def test_triples_and_lists_of_negatives(tmp_path):
    rows = "anchor\tpositive\tnegative\tnegative_1\na\tb\tc\td\ne\tf\tg\t\n"
    assert [e.texts for e in read(tmp_path, rows, NEGATIVES)] == [("a", "b", "c", "d"), ("e", "f", "g")]
    lines = [{"query": "a", "positive": "b", "negatives": ["c", "d"]}, {"query": "e", "positive": "f"}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    assert [e.texts for e in read(tmp_path, text, MATCHES, name="train.jsonl")] == [("a", "b", "c", "d"), ("e", "f")]
    with pytest.raises(DataError, match="train.jsonl:2: has no text in negatives, which this loss learns from"):
        read(tmp_path, text, NEGATIVES, name="train.jsonl")


def test_a_teacher_scores_every_text(tmp_path):
    rows = "query\tpositive\tnegative\tpositive_score\tnegative_score\na\tb\tc\t7.5\t-2\n"
    assert read(tmp_path, rows, TEACHER)[0].scores == (7.5, -2.0)
    line = {"query": "a", "positive": "b", "negatives": ["c", "d"], "scores": [3, 2, 1]}
    assert read(tmp_path, json.dumps(line), TEACHER, name="train.jsonl")[0].scores == (3, 2, 1)
    line["scores"] = [3, 2]
    with pytest.raises(DataError, match="train.jsonl:1: no teacher's score of each of its 3 texts; expected a list `s"):
        read(tmp_path, json.dumps(line), TEACHER, name="train.jsonl")


@pytest.mark.parametrize("learns_from, training", [(SCORES, True), (MATCHES, False)])
def test_single_texts_are_no_pairs(tmp_path, learns_from, training):
    with pytest.raises(DataError, match=r"train.txt:1: has no tab; expected pairs.*in_batch trains on single texts"):
        read(tmp_path, "the fox\nthe dog\n", learns_from, training, name="train.txt")


def test_single_texts_stand_on_lines_of_their_own(tmp_path):
    assert [e.texts for e in read(tmp_path, "a b\nc\n", MATCHES, name="train.txt")] == [("a b",), ("c",)]


@pytest.mark.parametrize(
    "rows, options, expected",
    [
        ("text\na\n", {}, "train.tsv:1: no column for data.text_b, known names: positive, pos, text_b"),
        (HEADER + "a\tb\tentailment\n", {}, "train.tsv:2: 'label' is 'entailment', expected 0 .no match. or 1 .a match"
         ".; say what its names stand for, such as data.label_names={entailment: 1, contradiction: 0}"),
        (HEADER + "a\t \t1\n", {}, "train.tsv:2: 'text_b' is empty; correct the row or set data.on_bad_row: skip"),
        (HEADER + "a\tb\t4\n", {}, "train.tsv:2: 'label' is 4, expected 0 .*such as data.score_range=.0,5."),
        (HEADER + "a\tb\t6\n", {"score_range": (0, 5)}, "train.tsv:2: 'label' is 6, expected a number from 0 to 5"),
        (HEADER + "a\tb\t0.5\n", {"learns_from": LABELS}, "train.tsv:2: 'label' is 0.5; this loss learns from 0 and 1"),
        (HEADER + "a\tb\t1\n", {"learns_from": NEGATIVES}, "train.tsv:1: no column of texts that do not match"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_a_remedy(rows, options, expected, tmp_path):
    with pytest.raises(DataError, match=expected):
        read(tmp_path, rows, **options)


def test_equal_texts_with_different_labels_are_told(tmp_path):
    examples = read(tmp_path, HEADER + "a\tb\t1\na\tb\t0\n")
    file = str(tmp_path / "train.tsv")
    assert contradictions(examples, file) == (
        f"1 rows repeat their texts with another label, all are kept; first: {file}:3 says 0, :2 1"
    )


def test_a_loss_over_matches_takes_them_alone(tmp_path):
    examples = read(tmp_path, HEADER + "a\tb\t1\nc\td\t0\n", MATCHES)
    assert [e.id for e in matches_of(examples)] == ["0"]
    with pytest.raises(DataError, match="train.tsv:3: no row matches .*; take loss.matching=cosent"):
        matches_of(examples[1:])


def test_a_triple_is_two_comparisons_and_matches_alone_meet_each_others_texts():
    triple = MatchingExample("0", ("a", "b", "c"))
    assert [(c.first, c.second, c.label) for c in comparisons([triple])] == [("a", "b", 1), ("a", "c", 0)]
    matches = [MatchingExample(str(i), texts, 1.0) for i, texts in enumerate([("a", "b"), ("c", "d"), ("e", "b")])]
    assert [(c.example, c.first, c.second, c.label) for c in comparisons(matches)] == [
        (0, "a", "b", 1), (0, "a", "d", 0), (1, "c", "d", 1), (1, "c", "b", 0), (2, "e", "b", 1), (2, "e", "d", 0),
    ]  # fmt: skip
    assert [c.label for c in comparisons([MatchingExample("0", ("a", "b"))])] == [None]


def test_what_matches_somewhere_is_never_taken_for_no_match():
    rows = [("pay", "card"), ("pay", "invoice"), ("parcel", "way"), ("parcel", "delivered"), ("card", "parcel")]
    examples = [MatchingExample(str(i), texts, 1.0) for i, texts in enumerate(rows)]
    assert [(c.first, c.second) for c in comparisons(examples) if not c.label] == [
        ("pay", "way"), ("pay", "way"), ("parcel", "invoice"), ("parcel", "invoice"), ("card", "invoice"),
    ]  # fmt: skip
    same = [MatchingExample(str(i), ("pay", text), 1.0) for i, text in enumerate("abc")]
    assert [(c.second, c.label) for c in comparisons(same)] == [("a", 1), ("b", 1), ("c", 1)]


@pytest.mark.parametrize(
    ("label", "expected"), [(1.0, [1, 0, 0]), (0.0, [0, 0, 0]), (0.6, [0.6, 0, 0]), (None, [1, 0, 0])]
)
def test_a_label_is_that_of_the_second_text_and_negatives_have_none(label, expected):
    (example,) = [MatchingExample("0", ("a", "b", "c", "d"), label)]
    assert [c.label for c in comparisons([example])] == expected
