"""The report on tagged sentences, counted by hand, and what is taken for a file of them."""

from pathlib import Path

import pytest

from tasklab.data.files.sample import sample_of
from tasklab.data.tagging.inspect import inspect_tagged
from tasklab.data.tagging.reading import TaggingDataConfig, looks_tagged
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
TRAIN = """\
berlin B-LOC
is O
old O

paris B-LOC
is O
old O

berlin O
is O
old O

paris B-LOC
is O
old O

munich I-LOC

my O
dog B-PET
naive I-PET
jump O
lives O
in O
paris B-LOC
"""


@pytest.fixture
def report(tmp_path):
    (tmp_path / "train.txt").write_text(TRAIN)
    data = TaggingDataConfig(max_seq_length=6, doc_stride=2, repair_tags=True)
    return inspect_tagged(tmp_path / "train.txt", data, (), True, TOKENIZER)


def test_sentences_words_and_entities_are_counted(report):
    assert (len(report.examples), report.units, report.plain) == (6, 3 * 4 + 1 + 7, 1)
    assert list(report.entities.items()) == [("LOC", 5), ("PET", 1)]
    assert report.content.scheme == "bio" and report.content.units == "words"
    assert len(report.content.repaired) == 1 and "train.txt:17: I-LOC" in report.content.repaired[0]


def test_equal_sentences_are_told_apart_by_their_entities(report):
    assert (report.duplicates.count, report.contradictions.count) == (1, 1)
    assert report.duplicates.first[0].endswith("train.txt:13 as :5")
    assert report.contradictions.first[0].endswith("train.txt:9 as :1: 'berlin' is LOC only there")


def test_lengths_are_those_of_sentences_and_of_their_windows(report):
    assert report.lengths == {"sentence": (1, 3, 3, 7, 7)}  # of 1, 3, 3, 3, 3, 7: place 4.5 of 0 to 5 is rounded to 4
    # a window holds 6 - 2 = 4 tokens: 7 tokens need windows at 0, 2 and 4, the last one of 3
    assert (report.long_sentences, report.lost_entities) == (1, 0)
    assert (report.sizes.rows, report.sizes.sequences) == (5 + 3, 1)
    assert report.sizes.tokens == 4 * 5 + 3 + 6 + 6 + 5
    assert report.sizes.planned_lengths == (6,)
    assert report.sizes.padding == pytest.approx(1 - 40 / 48)


def test_characters_of_one_piece_share_a_tag_and_one_entity_is_lost(tmp_path):
    (tmp_path / "train.txt").write_text("1 B-A\n9 B-B\n北 O\n")  # 19 is one piece
    report = inspect_tagged(tmp_path / "train.txt", TaggingDataConfig(), (), True, TOKENIZER)
    assert report.lost_entities == 1 and report.entities.total() == 2


def test_types_that_the_model_does_not_know_are_bad_rows_by_type(tmp_path):
    (tmp_path / "dev.txt").write_text("paris B-LOC\n\nfox B-PET\n\ndog B-PET\n\nberlin B-CITY\n")
    report = inspect_tagged(tmp_path / "dev.txt", TaggingDataConfig(), ["LOC"], False, None)
    assert report.content.bad.counts == {"unknown type PET": 2, "unknown type CITY": 1}
    assert len(report.examples) == 1 and report.sizes is None


@pytest.mark.parametrize(
    "name, text, tagged",
    [
        ("a.txt", "Oslo NNP B-LOC\nsleeps VB O\n", True),
        ("a.train", "\n科0\tB-PER\n\n", True),
        ("a.tsv", "label\ttext_a\nB-PER O\tAnn ran\n", True),
        ("a.tsv", "text_a\tlabel\nAnn ran\t1\n", False),
        ("a.tsv", "text\tlabel\nAnn ran\tO\n", False),
        ("a.txt", "Ann ran home.\nShe slept.\n", False),
        ("a.json", '{"text": "Ann",\n "label": {"name": {"Ann": [[0, 2]]}}}\n{"text"', True),
        ("a.json", '[{"tokens": ["Ann"], "tags": ["B-PER"]}]', True),
        ("a.jsonl", '{"text": "Ann", "label": "A"}\n', False),
        ("a.json", '{"data": []}', False),
        ("a.txt", "", False),
    ],
)
def test_tagged_files_are_known_by_their_beginning(name, text, tagged, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert looks_tagged(sample_of(tmp_path / name)) == tagged
