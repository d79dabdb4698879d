"""Rows of patterns: where masks stand, that texts alone are cut, and what is told where nothing is left to cut."""

from pathlib import Path

import pytest

from tasklab.data.texts.example import TextExample
from tasklab.data.texts.prompts.pattern import Pattern
from tasklab.data.texts.prompts.rows import prompt_rows
from tasklab.errors import DataError
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
ONE, PAIR = Pattern.of("the {MASK} city: {textA}."), Pattern.of("{textA} and {textB} is {MASK}")


def made(pattern, examples, masks=1, length=16):
    rows = prompt_rows(TOKENIZER, examples, pattern if isinstance(pattern, list) else [pattern], masks, length)
    tokens = [" ".join(TOKENIZER.tokens[i] for i in rows["input_ids"].row(r)) for r in range(len(rows))]
    return rows, tokens


def test_a_row_is_the_pattern_with_masks_and_text():
    rows, tokens = made(ONE, [TextExample("0", "old paris"), TextExample("1", "berlin")], masks=2)
    assert tokens == [
        "[CLS] the [MASK] [MASK] city : old paris . [SEP]", "[CLS] the [MASK] [MASK] city : berlin . [SEP]"
    ]  # fmt: skip
    assert rows["masked_positions"].tolist() == [[2, 3], [2, 3]] and rows.info["cut_rows"] == 0
    assert set(rows["token_type_ids"].values.tolist()) == {0}


def test_only_texts_are_cut_the_longer_one_first_and_the_mask_behind_them_stays():
    pair = TextExample("0", "paris river train tower bridge", "berlin munich")
    rows, tokens = made(PAIR, [pair], length=9)  # [CLS] and is [MASK] [SEP]: four are left
    assert tokens == ["[CLS] paris river and berlin munich is [MASK] [SEP]"]
    assert rows["masked_positions"].tolist() == [[7]] and rows.info["cut_rows"] == 1


def test_several_patterns_give_a_row_each():
    rows, tokens = made([ONE, Pattern.of("{textA} {MASK}")], [TextExample("0", "paris"), TextExample("1", "berlin")])
    assert tokens[2:] == ["[CLS] paris [MASK] [SEP]", "[CLS] berlin [MASK] [SEP]"]
    assert rows["example"].tolist() == [0, 1, 0, 1] and rows["masked_positions"].tolist() == [[2], [2], [2], [2]]


def test_a_mask_in_a_text_is_no_mask_of_the_pattern():
    rows, tokens = made(ONE, [TextExample("0", "[MASK] paris")])
    assert rows["masked_positions"].tolist() == [[2]]


def test_a_pattern_that_leaves_a_text_no_room_is_told():
    examples = [TextExample("0", "paris", place="dev.tsv:2")]
    with pytest.raises(DataError) as error:
        made(ONE, examples, masks=3, length=9)
    assert str(error.value) == (
        "dev.tsv:2: the pattern 'the {MASK} city: {textA}.' with 3 masks needs 10 tokens with one of each text, but "
        "data.max_seq_length is 9; raise that, or shorten the pattern"
    )
