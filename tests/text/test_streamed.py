"""Text in parts: whatever the cut, the parts are the whole, and none of them holds half a character."""

import json
import random

import pytest
from tokenizers.pre_tokenizers import ByteLevel

from tasklab.text.bpe import BytePairs
from tasklab.text.separate import Characters, Words
from tasklab.text.speaking import Speaking
from tasklab.text.streamed import HALF, Streamed
from tasklab.text.wordpiece import WordPiece


@pytest.fixture
def of_bytes(tmp_path):
    """GPT-2's without a merge: a token is a byte."""
    tokens = [*sorted(ByteLevel.alphabet()), "<|endoftext|>"]
    (tmp_path / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    return BytePairs(tmp_path / "merges.txt")


class Pieces(Speaking):
    """Llama's kind: blanks in front, bytes where there is no piece."""

    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "▁the", "▁old", "s"]
    cls_id, sep_id, pad_id, mask_id = 1, 2, 2, None


def listed(folder, kind, *pieces):
    path = folder / "vocab.txt"
    path.write_text("".join(f"{piece}\n" for piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *pieces)), encoding="utf-8")
    return kind(path)


def in_parts(tokenizer, ids, size):
    streamed = Streamed(tokenizer)
    parts = [streamed.push(ids[at : at + size]) for at in range(0, len(ids), size)]
    return [*parts, streamed.rest()]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_no_part_holds_half_a_character(of_bytes, size):
    text = "漢字 é🙂🙂 ab\u0301"
    ids = of_bytes.encode_batch([text])[0][0].tolist()
    parts = in_parts(of_bytes, ids, size)
    assert "".join(parts) == text and HALF not in "".join(parts)


def test_a_character_is_out_with_its_last_byte(of_bytes):
    ids = of_bytes.encode_batch(["a漢b"])[0][0].tolist()
    assert in_parts(of_bytes, ids, 1) == ["a", "", "", "漢", "b", ""]


def test_a_special_token_behind_a_character_of_several_bytes_adds_nothing(of_bytes):
    ids = of_bytes.encode_batch(["a漢"])[0][0].tolist()
    assert in_parts(of_bytes, [*ids, of_bytes.eos_id], 1) == ["a", "", "", "漢", "", ""]
    assert in_parts(of_bytes, [*ids[:2], of_bytes.eos_id], 1) == ["a", "", "", HALF]  # what there is of it


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_parts_of_any_ids_are_what_is_decoded_of_all(of_bytes, size):
    draw = random.Random(size)
    for tokenizer in (of_bytes, Pieces()):
        for _ in range(300):
            ids = [draw.randrange(len(tokenizer.tokens)) for _ in range(draw.randrange(20))]
            ids += [ids[0]] if ids else []
            assert "".join(in_parts(tokenizer, ids, size)) == tokenizer.decode(ids)


def test_bytes_of_sentence_pieces_are_characters_and_the_first_blank_goes():
    # e4 bd a0 are the bytes of 你 in UTF-8
    pieces, the, old = Pieces(), Pieces.tokens.index("▁the"), Pieces.tokens.index("▁old")
    ids = [1, the, *(3 + byte for byte in "你".encode()), old, 2]
    assert pieces.decode(ids) == "the你 old"
    assert in_parts(pieces, ids, 1) == ["", "the", "", "", "你", " old", "", ""]
    assert pieces.decode([3 + 0xE4, 3 + 0xBD, pieces.tokens.index("s")]) == f"{HALF}s"


@pytest.mark.parametrize(("before", "more"), [("▁the", " old"), ("</s>", "old"), (None, "old"), ("<0xE4>", "old")])
def test_a_word_keeps_its_blank_behind_a_text_that_goes_on(before, more):
    ids = [] if before is None else [Pieces.tokens.index(before)]
    streamed = Streamed(Pieces(), ids)
    assert streamed.push([Pieces.tokens.index("▁old")]) + streamed.rest() == more


def test_bytes_of_a_character_before_are_no_part_of_what_follows(of_bytes):
    ids = of_bytes.encode_batch(["a漢é"])[0][0].tolist()
    streamed = Streamed(of_bytes, ids[:4])
    assert [streamed.push([number]) for number in ids[4:]] + [streamed.rest()] == ["", "é", ""]


def test_a_special_token_between_words_keeps_their_blank(tmp_path):
    tokens = listed(tmp_path, WordPiece, "the", "mill", "##s")
    ids = [2, 4, 3, 5, 6, 3]
    assert "".join(in_parts(tokens, ids, 1)) == tokens.decode(ids) == "the mills"


def test_characters_and_words_are_put_together_as_they_were_cut(tmp_path):
    assert listed(tmp_path, Characters, *"abc").decode([2, 4, 5, 6, 3]) == "abc"
    assert listed(tmp_path, Words, "今天", "很好").decode([2, 4, 5, 3]) == "今天 很好"


def test_a_sign_for_blanks_in_a_list_of_words_is_a_piece_like_others(tmp_path):
    assert listed(tmp_path, WordPiece, "\u2581", "the", "old").decode([5, 6]) == "the old"
