"""Texts with blanks as rows: ids as without the blanks, windows that lose none, and random masks that stay."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.data.corpus.cloze import cloze_examples_from_input, cloze_rows
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.errors import DataError
from tasklab.text.bpe import BytePairs
from tasklab.text.sentencepiece import SentencePiece
from tasklab.text.wordpiece import WordPiece

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOKENIZER = WordPiece(FIXTURES / "tiny_wordpiece_vocab.txt")


def rows(inputs, length=32, masks=0, seed=1):
    data = MaskedWordsDataConfig(cloze_masks=masks)
    return cloze_rows(TOKENIZER, cloze_examples_from_input(inputs, data), length, masks, seed)


def tokens(table, i=0):
    return " ".join(TOKENIZER.tokens[n] for n in table.row(i)["input_ids"])


def test_a_blank_is_one_token_in_the_row_of_its_text():
    table = rows(["the [MASK], where?", "[MASK][MASK] fox"])
    assert tokens(table) == "[CLS] the [MASK] , where ? [SEP]" and tokens(table, 1) == "[CLS] [MASK] [MASK] fox [SEP]"
    assert table["masked_positions"].tolist() == [[2, 0], [1, 2]]
    assert table["mask_number"].tolist() == [[0, -1], [0, 1]]
    assert (table["char_start"].tolist(), table["char_end"].tolist()) == ([[4, -1], [0, 6]], [[10, -1], [6, 12]])
    assert (table["masked_labels"] == -1).all() and tokens(rows("the <mask> fox")) == "[CLS] the [MASK] fox [SEP]"


@pytest.mark.parametrize("tokenizer, expected", [
    (BytePairs(FIXTURES / "tiny_bpe" / "merges.txt"), "<s> a <mask> Ġb <mask> c , <mask> . </s>"),
    (SentencePiece(FIXTURES / "tiny_spiece.model"), "[CLS] ▁a [MASK] ▁b [MASK] ▁ c , [MASK] ▁ . [SEP]"),
], ids=["bpe", "sentencepiece"])  # fmt: skip
def test_text_around_a_blank_is_cut_as_transformers_cuts_it(tokenizer, expected):
    # ids of RobertaTokenizerFast and AlbertTokenizerFast 4.57 with the same files: the blank takes the space before it
    examples = cloze_examples_from_input("a <mask> b<mask>c, <mask>.", MaskedWordsDataConfig())
    row = cloze_rows(tokenizer, examples, 32, 0, 1).row(0)
    assert " ".join(tokenizer.tokens[n] for n in row["input_ids"]) == expected


def test_masks_too_far_apart_for_one_row_get_several_and_all_are_asked():
    text = "[MASK] " + "the " * 20 + "[MASK] [MASK] " + "the " * 20 + "[MASK]"
    table = rows([text], 12)
    assert table["example"].tolist() == [0, 0, 0] and set(table.lengths["input"]) == {12}
    assert table["mask_number"].tolist() == [[0, -1], [1, 2], [3, -1]]
    for i, row in enumerate(table["masked_positions"]):
        asked = row[table["mask_number"][i] >= 0]
        assert (table.row(i)["input_ids"][asked] == TOKENIZER.mask_id).all()
    assert tokens(table, 1) == "[CLS] the the the the [MASK] [MASK] the the the the [SEP]"


def test_random_masks_follow_from_seed_and_place_and_know_the_word():
    texts = ["the fox, where the fox", "the fox, where the fox"]
    table, again, other = rows(texts, masks=2), rows(texts, masks=2), rows(texts, masks=2, seed=2)
    assert table["masked_positions"].tolist() == again["masked_positions"].tolist()
    positions = [found["masked_positions"].tolist() for found in (table, other)]
    assert positions[0] != positions[1] or positions[0][0] != positions[0][1]
    for i in range(2):
        ids = table.row(i)["input_ids"].copy()
        ids[table["masked_positions"][i]] = table["masked_labels"][i]
        assert ids.tolist() == [TOKENIZER.cls_id, *TOKENIZER.encode_batch(texts)[i][0], TOKENIZER.sep_id]
        cut = [texts[i][a:b] for a, b in zip(table["char_start"][i], table["char_end"][i], strict=True)]
        assert cut == [TOKENIZER.tokens[n] for n in table["masked_labels"][i]]


def test_a_special_or_unknown_token_is_never_masked_at_random():
    table = rows(["\u9f98 fox \u9f98"] * 20, masks=1)  # a character that the vocabulary lacks
    assert (table["masked_positions"] == 2).all()
    with pytest.raises(DataError, match=r"input\[0\]: '\u9f98' holds no word that can be masked"):
        rows(["\u9f98"], masks=1)


def test_inputs_have_many_forms(tmp_path):
    (tmp_path / "in.txt").write_text("a [MASK]\n[MASK] b\n")
    data = MaskedWordsDataConfig()
    for given in (tmp_path / "in.txt", str(tmp_path / "in.txt"), ["a [MASK]", {"text": "[MASK] b"}]):
        assert [e.masks for e in cloze_examples_from_input(given, data)] == [((2, 8),), ((0, 6),)]
    (tmp_path / "in.txt").write_text("a [MASK]\n[MASK]\nb\n")
    with pytest.raises(DataError, match="in.txt:3: 'b' holds no .MASK.; write it where a word is asked for, or"):
        cloze_examples_from_input(tmp_path / "in.txt", data)
    for wrong, told in (([""], r"input\[0\]: is ''; expected"), (["[MASK]", 3], r"input\[1\]: is '3'"), (7, "is int")):
        with pytest.raises(DataError, match=told):
            cloze_examples_from_input(wrong, data)


def test_rows_hold_no_more_masks_than_bound_the_memory():
    table = rows(["[MASK] " * 70], 128)
    assert table["mask_number"].shape == (3, 32) and (table["mask_number"] >= 0).sum() == 70
    assert np.unique(table["mask_number"]).tolist() == [-1, *range(70)]
