"""Sentences as rows of pieces: which piece carries the tag, which window owns it, which characters it stands for."""

from pathlib import Path

import numpy as np

from tasklab.data.tagging.examples import WORDS, TaggedExample, joined_text
from tasklab.data.tagging.schemes import scheme_labels
from tasklab.data.tagging.windows import tag_windows
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
LABELS = scheme_labels(["LOC", "PER"], "bio")  # O B-LOC I-LOC B-PER I-PER


def example(tokens, entities=(), units=WORDS):
    return TaggedExample("0", *joined_text(tokens, units), None if entities is None else tuple(entities))


def pieces(table, row=0):
    return [TOKENIZER.tokens[i] for i in table.row(row)["input_ids"]]


def table_of(*examples, length=32, stride=None, labels=LABELS):
    return tag_windows(TOKENIZER, examples, labels, length, stride)


def test_the_first_piece_of_a_word_carries_its_tag():
    table = table_of(example(["the", "fox", "it", "berlin"], [("PER", 1, 2), ("LOC", 3, 3)]))
    assert pieces(table) == ["[CLS]", "the", "fox", "i", "##t", "berlin", "[SEP]"]
    assert table["labels"].row(0).tolist() == [0, 1, 4, 5, 0, 2, 0]
    assert table["position"].row(0).tolist() == [1, 2, 3, 5]
    assert table["char_start"].row(0).tolist() == [0, 4, 8, 11] and table["char_end"].row(0).tolist() == [3, 7, 10, 17]


def test_characters_that_make_one_piece_share_its_tag():
    table = table_of(example("thefox", [("PER", 3, 5)], units="characters"))
    assert pieces(table)[1:-1] == ["the", "##f", "##o", "##x"]
    assert table["labels"].row(0).tolist() == [0, 1, 4, 5, 5, 0]
    assert table["char_end"].row(0).tolist() == [3, 4, 5, 6]


def test_two_entities_in_one_piece_leave_the_first_and_count_the_other():
    table = table_of(example("the", [("PER", 0, 0), ("LOC", 1, 2)], units="characters"))
    assert table["labels"].row(0).tolist() == [0, 4, 0] and table.info["lost_entities"] == 1


def test_every_scheme_has_its_own_last_and_only_tag():
    labels = scheme_labels(["PER"], "bioes")  # O B I E S
    table = table_of(example(["the", "fox", "the", "the"], [("PER", 0, 2), ("PER", 3, 3)]), labels=labels)
    assert [labels[n - 1] for n in table["labels"].row(0)[1:-1]] == ["B-PER", "I-PER", "E-PER", "S-PER"]


def test_without_known_entities_there_are_no_tags():
    table = table_of(example(["fox"]), example(["fox"], None))
    assert [table["labels"].row(i).tolist() for i in range(2)] == [[0, 1, 0], [0, 0, 0]]
    assert table["unit"].values.tolist() == [0, 1] and table["example"].tolist() == [0, 1]


def test_a_long_sentence_is_cut_with_overlap_and_every_word_belongs_to_one_window():
    words = example(["fox"] * 20, [("PER", i, i) for i in range(0, 20, 2)])
    table = table_of(example(["the"]), words, length=10)
    assert table.info["long_sentences"] == 1 and table.lengths["input"].max() == 10
    assert len(table) == 1 + 4  # 8 words in a window, 4 further each time: 0-7, 4-11, 8-15, 12-19
    assert sorted(table["unit"].values.tolist()) == list(range(21))
    assert (table["labels"].values > 0).sum() == 21
    first = table["unit"].row(1) - 1
    assert first.tolist() == [0, 1, 2, 3, 4, 5]  # 6 and 7 have more around them in the next one
    for row in range(len(table)):
        at, tags = table["position"].row(row), table["labels"].row(row)
        assert np.flatnonzero(tags).tolist() == at.tolist()


def test_a_sentence_without_a_piece_is_a_row_all_the_same():
    table = table_of(example(["\u200b"], [("PER", 0, 0)]), example(["fox"], [("PER", 0, 0)]))
    assert len(table) == 2 and table.info["lost_entities"] == 1
    assert table["labels"].row(1).tolist() == [0, 4, 0]
