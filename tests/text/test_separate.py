"""Characters and words as tokens, worked out by hand."""

import pytest

from tasklab.data.rows.pairs import text_rows
from tasklab.errors import DataError
from tasklab.text import TOKENIZERS
from tasklab.text.separate import Characters, Words

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "我", "爱", "a", "A", "北京", "hello", "，", "İ"]


@pytest.fixture
def vocab(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    return path


def tokens(tokenizer, text):
    ids, offsets = tokenizer.encode_batch([text])[0]
    return [VOCABULARY[i] for i in ids], [text[a:b] for a, b in offsets]


@pytest.mark.parametrize(
    "lowercase, text, pieces, spans",
    [
        (False, "我爱北京", ["我", "爱", "[UNK]", "[UNK]"], ["我", "爱", "北", "京"]),
        (False, "  我 A，\n", ["我", "[UNK]", "A", "，"], ["我", " ", "A", "，"]),
        (True, "Aaİ", ["a", "a", "İ"], ["A", "a", "İ"]),  # the lower form of the last is two characters
        (False, "[MASK]𠮷", ["[UNK]"] * 2 + ["A"] + ["[UNK]"] * 4, ["[", "M", "A", "S", "K", "]", "𠮷"]),
        (False, "", [], []), (False, " \n", [], []),
    ],
)  # fmt: skip
def test_every_character_of_the_stripped_text_is_a_token(vocab, lowercase, text, pieces, spans):
    assert tokens(Characters(vocab, lowercase), text) == (pieces, spans)


@pytest.mark.parametrize(
    "lowercase, text, pieces, spans",
    [
        (False, "我 爱 北京", ["我", "爱", "北京"], ["我", "爱", "北京"]),
        (True, " Hello  hello\thi ", ["hello", "hello", "[UNK]"], ["Hello", "hello", "hi"]),
        (False, "Hello A [SEP]", ["[UNK]", "A", "[SEP]"], ["Hello", "A", "[SEP]"]),
        (False, "", [], []),
    ],
)  # fmt: skip
def test_every_word_between_blanks_is_a_token(vocab, lowercase, text, pieces, spans):
    assert tokens(Words(vocab, lowercase), text) == (pieces, spans)


@pytest.mark.parametrize("name", ["char", "space"])
def test_a_vocabulary_written_by_a_tokenizer_gives_the_same_ids(vocab, name, tmp_path):
    cls = TOKENIZERS.get(name)
    tokenizer = cls(vocab, lowercase=True)
    (tmp_path / "again.txt").write_bytes(tokenizer.files()["vocab.txt"])
    again = cls(tmp_path / "again.txt", lowercase=True)
    assert again.fingerprint == tokenizer.fingerprint != cls(vocab, lowercase=False).fingerprint
    assert again.tokens == VOCABULARY and again.mask_id == 4 and again.token_id("爱") == 6


@pytest.mark.parametrize("name", ["char", "space"])
def test_what_is_no_vocabulary_and_what_is_no_text_are_refused(vocab, name, tmp_path):
    (tmp_path / "poor.txt").write_text("[PAD]\n[UNK]\n我\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"poor.txt: lacks \[CLS\], \[SEP\]; a {name} vocabulary has one piece per"):
        TOKENIZERS.get(name)(tmp_path / "poor.txt")
    with pytest.raises(DataError, match="half of a surrogate pair"):
        TOKENIZERS.get(name)(vocab).encode_batch(["ok", "\ud800"])


def test_rows_of_a_pair_are_built_from_characters(vocab):
    table, cut = text_rows(Characters(vocab), ["我爱"], ["爱"], 8)
    assert table["input_ids"].row(0).tolist() == [2, 5, 6, 3, 6, 3] and not cut
