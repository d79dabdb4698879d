"""Ids read as text again, for tokenizers that mark blanks and for those that do not."""

import json
from pathlib import Path

import pytest
from tokenizers.pre_tokenizers import ByteLevel

from tasklab.text.bpe import BytePairs
from tasklab.text.sentencepiece import SentencePiece
from tasklab.text.separate import Words
from tasklab.text.streamed import Streamed
from tasklab.text.wordpiece import WordPiece

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def chinese(tmp_path):
    path = tmp_path / "vocab.txt"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"今天很好，。", "the", "mill", "##s", ",", "("]
    path.write_text("".join(f"{piece}\n" for piece in pieces))
    return WordPiece(path)


@pytest.mark.parametrize("text", ["今天很好，今天。", "the mills, the mill", "今天the mill很好"])
def test_wordpiece_reads_without_blanks_in_chinese_and_with_them_between_words(chinese, text):
    ((ids, _),) = chinese.encode_batch([text])
    assert chinese.decode([chinese.bos_id, *ids, chinese.eos_id]) == text


@pytest.mark.parametrize("text", ["约63.5公里", "at 10:30. The 5", "in 1999, 5 of them", "(63.5%)"])
def test_numbers_keep_their_points(text, tmp_path):
    special, words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"], "约 公 里 63 5 10 30 1999 at in of the them . , : % ( )"
    (tmp_path / "vocab.txt").write_text("\n".join([*special, *words.split()]), encoding="utf-8")
    tokens = WordPiece(tmp_path / "vocab.txt", lowercase=True)
    ((ids, _),) = tokens.encode_batch([text])
    streamed = Streamed(tokens)
    assert tokens.decode(ids) == text.lower() == "".join(streamed.push([number]) for number in ids) + streamed.rest()


def test_byte_pairs_read_the_very_text():
    tokens = BytePairs(FIXTURES / "tiny_bpe" / "merges.txt")
    text = " A café\n\nin 漢字 🙂 "
    ((ids, _),) = tokens.encode_batch([text])
    assert tokens.decode([tokens.bos_id, *ids, tokens.eos_id]) == text


def test_sentence_pieces_read_words_with_single_blanks():
    tokens = SentencePiece(FIXTURES / "tiny_spiece.model")
    ((ids, _),) = tokens.encode_batch(["the river is old"])
    assert tokens.decode(ids) == "the river is old"


def test_gpt2s_vocabulary_has_one_special_token_that_ends_a_text(tmp_path):
    alphabet = sorted(ByteLevel.alphabet())
    (tmp_path / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate([*alphabet, "<|endoftext|>"])}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokens = BytePairs(tmp_path / "merges.txt")
    assert (tokens.eos_id, tokens.adds_bos, tokens.special_ids) == (256, False, {256})
    ((ids, _),) = tokens.encode_batch(["a<|endoftext|>"])
    assert tokens.decode(ids) == "a<|endoftext|>" and 256 not in ids


def test_ids_behind_the_last_token_read_as_nothing(chinese, tmp_path):
    # a model may round the size of its vocabulary up, as T5's 32,128 for 32,100 pieces
    ((ids, _),) = chinese.encode_batch(["the mills"])
    assert chinese.decode([*ids, len(chinese.tokens), 999]) == "the mills"
    words = Words(tmp_path / "vocab.txt")
    assert words.decode([8, 9, 999]) == "， 。"
