"""Rows of single texts and pairs, by hand and against the truncation of the tokenizers library."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from tasklab.data.rows.compose import longest_first
from tasklab.data.rows.pairs import sequences_of, text_rows
from tasklab.errors import ConfigError, DataError
from tasklab.text import TOKENIZERS
from tasklab.text.wordpiece import WordPiece

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOKENIZER = WordPiece(FIXTURES / "tiny_wordpiece_vocab.txt")


def tokens(column, i):
    return " ".join(TOKENIZER.tokens[t] for t in column.row(i))


def test_single_texts_walked_by_hand():
    rows, cut = text_rows(TOKENIZER, ["The brown fox", "the", "lazy dog in berlin"], None, 5)
    ids = rows["input_ids"]
    assert [tokens(ids, i) for i in range(3)] == [
        "[CLS] the brown fox [SEP]", "[CLS] the [SEP]", "[CLS] lazy dog in [SEP]",
    ]  # fmt: skip
    assert rows["token_type_ids"].values.tolist() == [0] * len(ids.values) and cut == 1


def test_pairs_walked_by_hand():
    rows, cut = text_rows(TOKENIZER, ["the fox", "where"], ["the dog", "in berlin or paris ?"], 8)
    assert tokens(rows["input_ids"], 0) == "[CLS] the fox [SEP] the dog [SEP]"
    assert rows["token_type_ids"].row(0).tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert tokens(rows["input_ids"], 1).startswith("[CLS] where [SEP] in berlin") and len(rows["input_ids"].row(1)) == 8
    assert rows["token_type_ids"].row(1).tolist() == [0, 0, 0, 1, 1, 1, 1, 1] and cut == 1


def test_texts_apart_follow_one_another():
    rows, cut = text_rows(TOKENIZER, ["the brown fox", "the"], ["where", "lazy dog in berlin"], 5, "siamese")
    assert [tokens(rows["input_ids"], i) for i in range(4)] == [
        "[CLS] the brown fox [SEP]", "[CLS] where [SEP]", "[CLS] the [SEP]", "[CLS] lazy dog in [SEP]",
    ]  # fmt: skip
    assert not rows["token_type_ids"].values.any() and cut == 1 and sequences_of("siamese") == 2


def test_texts_apart_are_two():
    with pytest.raises(DataError, match="model.pair_encoding = sbert compares two texts, but there is one; name the c"):
        text_rows(TOKENIZER, ["the"], None, 5, "sbert")


def test_roberta_puts_two_separators_between_the_texts_and_has_one_type():
    # transformers' RobertaTokenizer: <s> A </s></s> B </s>, all of type 0
    roberta = TOKENIZERS.get("bpe")(FIXTURES / "tiny_bpe" / "merges.txt")
    the, bridge = (roberta.encode_batch([text])[0][0].tolist() for text in ("the river", "bridge"))
    rows, _ = text_rows(roberta, ["the river"], ["bridge"], 32)
    assert rows["input_ids"].row(0).tolist() == [0, *the, 2, 2, *bridge, 2]
    assert set(rows["token_type_ids"].row(0).tolist()) == {0}
    rows, cut = text_rows(roberta, ["the river"], ["bridge"], 4 + len(the))
    assert (len(rows["input_ids"].row(0)), cut) == (4 + len(the), 1)


def test_pairs_are_cut_as_the_tokenizers_library_cuts_them():
    library = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    library.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    lengths = np.stack(np.meshgrid(np.arange(12), np.arange(12)), -1).reshape(-1, 2)
    for room in (2, 5, 6, 9):
        library.enable_truncation(room, strategy="longest_first")
        found = np.stack(longest_first(lengths.T, room), axis=1)
        for (a, b), kept in zip(lengths.tolist(), found.tolist(), strict=True):
            wanted = library.encode(" ".join("a" * a), " ".join("b" * b)).tokens
            assert kept == [wanted.count("a"), wanted.count("b")], (room, a, b)


def test_no_room_for_text_is_refused():
    with pytest.raises(ConfigError, match="data.max_seq_length 4 leaves no room for text"):
        text_rows(TOKENIZER, ["a"], ["b"], 4)
