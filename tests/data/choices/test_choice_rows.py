"""Questions as rows of several sequences: their order, their segments, and what is cut."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.data.choices.checks import ChoiceExample
from tasklab.data.choices.rows import choice_rows
from tasklab.errors import DataError
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


def example(context, question, *choices, label=None):
    return ChoiceExample("0", context, question, choices, label, "dev.json: [0][1][0]")


def shown(table, row):
    return [" ".join(TOKENIZER.tokens[t] for t in part) for part in table.row(row)["input_ids"]]


def test_each_choice_stands_behind_context_and_question():
    table = choice_rows(TOKENIZER, [example("the fox", "who ?", "dog", "the dog")], 32)
    one, other = shown(table, 0)
    assert one == "[CLS] the fox [SEP] who ? [SEP] dog [SEP]"
    assert other == "[CLS] the fox [SEP] who ? [SEP] the dog [SEP]"
    assert table.row(0)["token_type_ids"][0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert table["labels"].tolist() == [-1]


def test_a_row_has_empty_sequences_for_choices_that_others_have():
    table = choice_rows(TOKENIZER, [example("a", "b", "c", "d", label=1), example("a", "b", *"cdef", label=3)], 32)
    assert table.sequences == 4 and shown(table, 0)[2:] == ["", ""] and table["labels"].tolist() == [1, 3]
    assert table.batch([0, 1], {"input": 8}, 2)["attention_mask"].sum(axis=2).tolist() == [[7, 7, 0, 0], [7, 7, 7, 7]]


@pytest.mark.parametrize(
    "context, question, row, types",
    [("", "who ?", "[CLS] who ? [SEP] dog [SEP]", [0, 0, 0, 0, 1, 1]),
     ("the fox", "", "[CLS] the fox [SEP] dog [SEP]", [0, 0, 0, 0, 1, 1])],
)  # fmt: skip
def test_what_is_not_there_takes_no_separator(context, question, row, types):
    table = choice_rows(TOKENIZER, [example(context, question, "dog", "fox")], 32)
    assert shown(table, 0)[0] == row and table.row(0)["token_type_ids"][0].tolist() == types


def test_the_context_loses_its_end_and_nothing_else_is_cut():
    asked = example("the quick brown fox can jump", "who ?", "the lazy dog", "fox")
    table = choice_rows(TOKENIZER, [asked, example("fox", "who ?", "a", "b")], 12)
    assert shown(table, 0) == [
        "[CLS] the quick brown [SEP] who ? [SEP] the lazy dog [SEP]",
        "[CLS] the quick brown fox can [SEP] who ? [SEP] fox [SEP]",
    ]
    assert table.info == {"cut_contexts": 1}  # questions, not sequences
    # [CLS] the [SEP] who ? [SEP] the lazy dog [SEP] are ten
    assert shown(choice_rows(TOKENIZER, [asked], 10), 0)[0].startswith("[CLS] the [SEP] who")
    with pytest.raises(DataError) as caught:
        choice_rows(TOKENIZER, [asked], 9)
    assert str(caught.value) == (
        "dev.json: [0][1][0]: question and choice leave no room for the context in 1 questions, and they are never "
        "cut; this one needs data.max_seq_length=10 or more"
    )


def test_roberta_has_two_separators_between_the_segments_and_one_segment_number():
    class Two:
        cls_id, sep_id, pair_separators, second_type = 0, 2, 2, 0

        def encode_batch(self, texts):
            return [(np.array([7] * len(text), np.int32), np.zeros((len(text), 2), np.int32)) for text in texts]

    table = choice_rows(Two(), [example("cc", "q", "a", "aa"), example("", "q", "a", "a")], 32)
    assert table.row(0)["input_ids"][0].tolist() == [0, 7, 7, 2, 2, 7, 2, 7, 2]
    assert table.row(1)["input_ids"][0].tolist() == [0, 7, 2, 2, 7, 2]
    assert not table["token_type_ids"].values.any()
