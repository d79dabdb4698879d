"""Ids equal to transformers' fast BertTokenizer; offsets exact for any Unicode."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.wordpiece import WordPiece

FIXTURES = Path(__file__).parents[1] / "fixtures"
VOCAB = FIXTURES / "tiny_wordpiece_vocab.txt"
EXPECTED = json.loads((FIXTURES / "tiny_wordpiece_expected.json").read_text(encoding="utf-8"))
UNCASED, CASED = WordPiece(VOCAB, lowercase=True), WordPiece(VOCAB, lowercase=False)


def pieces(tokenizer, text):
    ids, offsets = tokenizer.encode_batch([text])[0]
    return [(tokenizer.tokens[i], text[a:b]) for i, (a, b) in zip(ids, offsets, strict=True)]


def library(lowercase):
    vocab = {token: i for i, token in enumerate(UNCASED.tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: f"{row['lowercase']}-{row['text'][:12]!a}")
def test_ids_equal_transformers_fast_tokenizer(row):
    tokenizer = UNCASED if row["lowercase"] else CASED
    assert tokenizer.encode_batch([row["text"]])[0][0].tolist() == row["ids"]


def test_a_batch_gives_what_each_text_gives_alone():
    texts = [row["text"] for row in EXPECTED if row["lowercase"]]
    for text, (ids, offsets) in zip(texts, UNCASED.encode_batch(texts), strict=True):
        alone_ids, alone_offsets = WordPiece(VOCAB).encode_batch([text])[0]
        np.testing.assert_array_equal(ids, alone_ids)
        np.testing.assert_array_equal(offsets, alone_offsets)
        assert (ids.dtype, offsets.dtype, offsets.shape) == (np.int32, np.int32, (len(ids), 2))


def test_no_texts_give_no_rows():
    assert UNCASED.encode_batch([]) == []
    ids, offsets = UNCASED.encode_batch([""])[0]
    assert ids.shape == (0,) and offsets.shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("un\u00e9 cafe\u0301d x", ["un", "\u00e9", "cafe\u0301", "d", "x"]),  # the mark stays with its letter
        ("cafe\u0301", ["cafe\u0301"]),
        ("\u0301a", ["a"]),
        ("a \u0301 b", ["a", "b"]),  # a mark after a blank belongs to no piece
        ("a\r\nb\u202fc", ["a", "b", "c"]),
        ("a\u0000b", ["a", "b"]),  # a ##b
        ("\u5317\u4eac\u3002", ["\u5317", "\u4eac", "\u3002"]),
        ("\U0001f469\u200d\U0001f467\ufe0f the", ["\U0001f469\u200d\U0001f467\ufe0f", "the"]),
        ("\ud55c", ["\ud55c", "\ud55c", "\ud55c"]),  # three letters of one syllable
    ],
)
def test_offsets_cut_the_original_text(text, expected):
    assert [cut for _, cut in pieces(UNCASED, text)] == expected


def test_text_that_spells_a_special_token_stays_text():
    assert [token for token, _ in pieces(UNCASED, "[SEP]")] == ["[", "s", "##e", "##p", "]"]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.booleans())
def test_any_text_gives_the_librarys_ids_and_offsets(text, lowercase):
    # The library reorders stacked marks that it keeps and leaves stripped ones outside; both are left out here.
    text = "".join(c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Mn")
    encoding = library(lowercase).encode(text, add_special_tokens=False)
    ids, offsets = (UNCASED if lowercase else CASED).encode_batch([text])[0]
    assert ids.tolist() == encoding.ids
    assert offsets.tolist() == [list(pair) for pair in encoding.offsets]


@pytest.mark.parametrize("lowercase", [True, False])
def test_every_character_of_the_basic_plane_gives_the_librarys_pieces(lowercase):
    letters = [chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) not in ("Cs", "Mn")]
    texts = ["x " + " ".join(f"a{c}b" for c in letters[i : i + 64]) for i in range(0, len(letters), 64)]
    theirs = library(lowercase).encode_batch(texts, add_special_tokens=False)
    ours = (UNCASED if lowercase else CASED).encode_batch(texts)
    for (ids, offsets), encoding in zip(ours, theirs, strict=True):
        assert ids.tolist() == encoding.ids
        assert offsets.tolist() == [list(pair) for pair in encoding.offsets]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ae\u0301\u0323 .\u4e2d\u0000\U0001f600\u00e9"), max_size=30))
def test_offsets_rise_and_marks_belong_to_the_piece_before(text):
    _, offsets = UNCASED.encode_batch([text])[0]
    covered = {i for a, b in offsets for i in range(a, b)}
    assert (offsets[1:, 0] >= offsets[:-1, 1]).all() and (offsets[:, 0] < offsets[:, 1]).all()
    for i, character in enumerate(text):
        if character in "ae.\u4e2d\U0001f600\u00e9":
            assert i in covered
        if character in "\u0301\u0323" and i and text[i - 1] in "ae\u00e9":
            assert i in covered


def test_half_a_surrogate_pair_is_refused_with_its_place():
    with pytest.raises(DataError, match=r"'abc\\ud800' holds '\\ud800' at character 3: half of a surrogate pair"):
        UNCASED.encode_batch(["fine", "abc\ud800", "fine"])


def test_the_files_of_a_tokenizer_say_all_of_it(tmp_path):
    files = CASED.files()
    (tmp_path / "again.txt").write_bytes(files["vocab.txt"])
    assert WordPiece(tmp_path / "again.txt", lowercase=False).fingerprint == CASED.fingerprint
    assert CASED.fingerprint != UNCASED.fingerprint
    assert json.loads(files["tokenizer_config.json"])["do_lower_case"] is False


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_bytes(b"\xef\xbb\xbf" + VOCAB.read_bytes().replace(b"\n", b"\r\n"))
    assert WordPiece(path).fingerprint == UNCASED.fingerprint


def test_a_unicode_line_separator_is_a_piece_not_a_line_end(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\u2028\nx\n", encoding="utf-8")
    assert WordPiece(path).tokens[4:] == ["\u2028", "x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[PAD]\n[UNK]\nx\n", r"vocab.txt: lacks \[CLS\], \[SEP\]; "),
        (b"", r"vocab.txt: lacks \[CLS\], \[SEP\], \[PAD\], \[UNK\]"),
        (b"[PAD]\n\xff\n", "vocab.txt: not UTF-8 at byte 6"),
        (None, "vocab.txt: cannot be read as a vocabulary"),
    ],
)
def test_an_unusable_vocabulary_names_the_file(tmp_path, content, message):
    if content is not None:
        (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        WordPiece(tmp_path / "vocab.txt")


def test_ids_of_special_pieces():
    # the first five lines of the vocabulary: [PAD] [UNK] [CLS] [SEP] [MASK]
    assert [UNCASED.pad_id, UNCASED.unk_id, UNCASED.cls_id, UNCASED.sep_id, UNCASED.mask_id] == [0, 1, 2, 3, 4]
    assert UNCASED.vocab_size == len(VOCAB.read_text(encoding="utf-8").split("\n")) - 1


def test_the_registry_finds_it():
    assert TOKENIZERS.get("wordpiece") is WordPiece
