"""Byte-level BPE and SentencePiece: ids equal to transformers' RobertaTokenizer and AlbertTokenizer; exact offsets."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.errors import DataError
from tasklab.text import TOKENIZERS

FIXTURES = Path(__file__).parents[1] / "fixtures"
EXPECTED = json.loads((FIXTURES / "tiny_subword_expected.json").read_text(encoding="utf-8"))
VOCABULARIES = {"bpe": FIXTURES / "tiny_bpe" / "merges.txt", "sentencepiece": FIXTURES / "tiny_spiece.model"}
MADE = {
    (name, lowercase): TOKENIZERS.get(name)(path, lowercase=lowercase)
    for name, path in VOCABULARIES.items()
    for lowercase in (True, False)
}
BOTH = pytest.mark.parametrize("name", VOCABULARIES)


def pieces(name, text, lowercase=False):
    tokenizer = MADE[name, lowercase]
    ids, offsets = tokenizer.encode_batch([text])[0]
    return [(tokenizer.tokens[i], text[a:b]) for i, (a, b) in zip(ids, offsets, strict=True)]


def pieces_ids(tokenizer, text):
    return tokenizer.encode_batch([text])[0][0].tolist()


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row['tokenizer']}-{row['lowercase']}-{row['text'][:12]!a}")
def test_ids_equal_transformers(row):
    tokenizer = MADE[row["tokenizer"], row["lowercase"]]
    ids, offsets = tokenizer.encode_batch([row["text"]])[0]
    assert ids.tolist() == row["ids"]
    assert (ids.dtype, offsets.dtype, offsets.shape) == (np.int32, np.int32, (len(ids), 2))


@BOTH
def test_offsets_show_the_words_without_the_blank_in_front(name):
    text = "  the bridge,  berlin"
    assert "".join(shown for _, shown in pieces(name, text)) == "thebridge,berlin"
    assert pieces(name, text)[-1][1].endswith("n")


def test_a_piece_of_several_bytes_shows_its_character():
    assert [shown for _, shown in pieces("bpe", "a\u4e2db")] == ["a", "\u4e2d", "\u4e2d", "\u4e2d", "b"]


def test_an_accent_that_was_dropped_leaves_the_offsets_of_its_letter():
    assert [shown for _, shown in pieces("sentencepiece", "caf\u00e9s")][-1].endswith("s")
    assert "".join(shown for _, shown in pieces("sentencepiece", "caf\u00e9s")) == "caf\u00e9s"
    assert pieces("sentencepiece", "a ``b")[-1][1] == "b"


def test_a_number_is_cut_before_its_comma():
    # google-research/albert: `9,` is a piece of this model, and is still read as 9 and a comma
    assert "9," in MADE["sentencepiece", True].tokens
    assert "".join(shown for _, shown in pieces("sentencepiece", "in 1989, 5")) == "in1989,5"
    assert (",", ",") in pieces("sentencepiece", "in 1989, 5")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_offsets_never_fall_and_stay_inside_any_text(text):
    for tokenizer in MADE.values():
        ids, offsets = tokenizer.encode_batch([text])[0]
        assert len(ids) == len(offsets)
        assert (offsets[:, 0] <= offsets[:, 1]).all() and (offsets >= 0).all() and (offsets <= len(text)).all()
        assert (np.diff(offsets, axis=0) >= 0).all()


@BOTH
def test_the_files_make_the_same_tokenizer_again(name, tmp_path):
    tokenizer = MADE[name, True]
    for file, content in tokenizer.files().items():
        (tmp_path / file).write_bytes(content)
    again = TOKENIZERS.get(name)(tmp_path / VOCABULARIES[name].name.replace("tiny_", ""), lowercase=True)
    assert again.fingerprint == tokenizer.fingerprint != MADE[name, False].fingerprint
    assert again.encode_batch(["Zurich and Berlin"])[0][0].tolist() == pieces_ids(tokenizer, "Zurich and Berlin")


def test_special_tokens_have_the_ids_of_the_trained_vocabularies():
    bpe, albert = MADE["bpe", False], MADE["sentencepiece", True]
    assert (bpe.cls_id, bpe.pad_id, bpe.sep_id, bpe.unk_id, bpe.mask_id) == (0, 1, 2, 3, 4)
    assert (albert.pad_id, albert.unk_id, albert.cls_id, albert.sep_id, albert.mask_id) == (0, 1, 2, 3, 4)
    assert (bpe.token_id("<mask>"), bpe.token_id("nowhere")) == (4, None)


def test_text_that_spells_a_special_token_stays_text():
    assert MADE["bpe", False].sep_id not in pieces_ids(MADE["bpe", False], "a </s> b")
    assert MADE["sentencepiece", False].sep_id not in pieces_ids(MADE["sentencepiece", False], "a [SEP] b")


@BOTH
def test_half_a_surrogate_pair_is_refused(name):
    with pytest.raises(DataError, match=r"the text 'ab\\ud800' holds '\\ud800' at character 2"):
        MADE[name, False].encode_batch(["fine", "ab\ud800"])


@BOTH
def test_a_missing_or_damaged_vocabulary_is_named(name, tmp_path):
    path = tmp_path / VOCABULARIES[name].name
    with pytest.raises(DataError, match="cannot be read as a vocabulary"):
        TOKENIZERS.get(name)(path)
    for file in VOCABULARIES["bpe"].parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path.write_bytes(b"no model\n")
    with pytest.raises(DataError, match=path.name):
        TOKENIZERS.get(name)(path)
