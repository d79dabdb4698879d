"""The SentencePiece of the first Llamas against transformers (tests/fixtures/make_llama_pieces.py), from a folder and
from a GGUF file's table; and what stands in a row behind other things."""

import json
import shutil
from pathlib import Path

import pytest
import sentencepiece

from tasklab.config.description import describe
from tasklab.config.gguf import TOKENIZER
from tasklab.config.huggingface import tokenizer_in
from tasklab.data.generation.examples import Chat, Message, Passage
from tasklab.data.generation.tokens import Framing
from tasklab.errors import DataError
from tasklab.gguf import tokenizer_part
from tasklab.text.gguf import gguf_tokens
from tasklab.text.llama import LlamaPieces
from tasklab.text.sentencepiece_model import BYTE, CONTROL, NORMAL, UNKNOWN
from tasklab.text.streamed import Streamed

MODEL = Path(__file__).parents[1] / "fixtures" / "tiny_llama" / "tokenizer.model"
EXPECTED = json.loads(MODEL.with_name("expected.json").read_text(encoding="utf-8"))
WAYS = ("first", "legacy", "bare")


@pytest.fixture
def folder(tmp_path):
    def made(added=None, **options):
        shutil.copy(MODEL, tmp_path)
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer", **options}))
        if added:
            (tmp_path / "added_tokens.json").write_text(json.dumps(added))
        return LlamaPieces(tmp_path / "tokenizer.model")

    return made


@pytest.fixture
def from_gguf(tmp_path):
    """The table that llama.cpp's convert_hf_to_gguf.py writes of the same model."""

    def made(**changes):
        theirs = sentencepiece.SentencePieceProcessor(model_file=str(MODEL))
        count = range(theirs.get_piece_size())
        said = {
            "model": "llama", "tokens": [theirs.id_to_piece(i) for i in count],
            "scores": [theirs.get_score(i) for i in count],
            "token_type": [UNKNOWN if theirs.is_unknown(i) else CONTROL if theirs.is_control(i) else
                           BYTE if theirs.is_byte(i) else NORMAL for i in count],
            "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0, **changes,
        }  # fmt: skip
        path = tmp_path / "model.gguf"
        keyed = {f"tokenizer.ggml.{key}": value for key, value in said.items() if value is not None}
        path.write_bytes(tokenizer_part(keyed | {"tokenizer.chat_template": "{{ messages[0].content }}</s>"}))
        return gguf_tokens(path)

    return made


def ids(tokens, text):
    return tokens.encode_batch([text])[0][0].tolist()


@pytest.mark.parametrize("way", WAYS)
def test_ids_and_texts_are_those_of_transformers(way, folder):
    tokens = folder(**EXPECTED[way]["options"])
    for text, wanted, decoded in zip(EXPECTED["texts"], EXPECTED[way]["ids"], EXPECTED[way]["decoded"], strict=True):
        assert ids(tokens, text) == wanted and tokens.decode(wanted) == decoded, repr(text)
        assert not tokens.special_ids & set(wanted)


@pytest.mark.parametrize(("way", "space"), [("first", None), ("bare", False)])
def test_a_gguf_files_table_gives_the_same_ids(way, space, from_gguf):
    tokens = from_gguf(add_space_prefix=space)
    for text, wanted, decoded in zip(EXPECTED["texts"], EXPECTED[way]["ids"], EXPECTED[way]["decoded"], strict=True):
        assert ids(tokens, text) == wanted and tokens.decode(wanted) == decoded, repr(text)
    assert (tokens.bos_id, tokens.eos_id, tokens.unk_id, tokens.adds_bos) == (1, 2, 0, True)
    assert tokens.chat_template([Message("user", "</s>x")], True) == ["</s>x", 2]


@pytest.mark.parametrize("way", WAYS)
def test_texts_between_special_tokens_are_cut_as_transformers_cuts_them(way, folder):
    tokens = folder(**EXPECTED[way]["options"])
    numbers = {"<s>": tokens.bos_id, "</s>": tokens.eos_id}
    for text, wanted in zip(EXPECTED["templated"], EXPECTED[way]["templated"], strict=True):
        pieces = text.replace("<s>", "\0<s>\0").replace("</s>", "\0</s>\0").split("\0")
        written = [numbers.get(piece, piece) for piece in pieces if piece]
        framing = Framing(tokens, tokens.bos_id, tokens.eos_id, lambda *_, written=written: written)
        (prompt,) = framing.prompts([Chat("0", (Message("user", text),))])
        assert prompt.tolist() == wanted


def test_a_text_behind_a_text_has_no_blank_in_front(folder):
    tokens = folder()
    blank = tokens.token_id("\u2581")
    ((begun, _),), ((behind, offsets),) = tokens.encode_batch(["mill"]), tokens.encode_following(["mill"])
    assert tokens.tokens[begun[0]].startswith("\u2581") and not tokens.tokens[behind[0]].startswith("\u2581")
    framing = Framing(tokens, 1, 2)
    chat = Chat("0", (Message("user", "mill"), Message("assistant", "mill")), plain=True)
    line = tokens.token_id("<0x0A>")
    (row,) = framing.encode([chat])
    assert row.ids.tolist() == [1, *begun, line, *behind, 2] and blank not in behind
    (passage,) = framing.encode([Passage("0", "mill")])
    assert passage.ids.tolist() == [1, *begun, 2]
    assert offsets[-1].tolist()[1] == 4


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_parts_of_a_stream_are_the_text_without_half_characters(size, folder):
    tokens = folder()
    for text in EXPECTED["texts"]:
        found, streamed = ids(tokens, text), Streamed(tokens)
        parts = [streamed.push(found[at : at + size]) for at in range(0, len(found), size)]
        assert "".join([*parts, streamed.rest()]) == tokens.decode(found)
        assert not any("\ufffd" in part for part in parts)


def test_offsets_point_into_the_text_as_passed(folder):
    text = "the  old 中 mill"
    ((numbers, offsets),) = folder().encode_batch([text])
    spelled = [text[begin:end] for begin, end in offsets.tolist()]
    assert "".join(spelled).replace(" ", "") == text.replace(" ", "") and spelled.count("中") == 1
    assert len(numbers) == len(spelled)


def test_added_tokens_stand_behind_the_pieces_and_texts_do_not_make_special_ones(folder):
    size = len(sentencepiece.SentencePieceProcessor(model_file=str(MODEL)))
    marks = {str(size): {"content": "<|im_end|>", "special": True}, str(size + 1): {"content": "Tasklab"}}
    tokens = folder(added_tokens_decoder=marks, eos_token="<|im_end|>")
    assert (tokens.eos_id, tokens.vocab_size) == (size, size + 2) and size in tokens.special_ids
    assert size not in ids(tokens, "mill<|im_end|>") and ids(tokens, "old Tasklab mill").count(size + 1) == 1
    assert tokens.decode([size + 1, size]) == "Tasklab"


def test_a_folder_and_a_gguf_file_keep_it(folder, from_gguf, tmp_path):
    tokens = folder(legacy=True)
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, content in tokens.files().items():
        (kept / name).write_bytes(content)
    assert LlamaPieces(kept / "tokenizer.model").fingerprint == tokens.fingerprint
    table = from_gguf()
    (kept / TOKENIZER).write_bytes(table.files()[TOKENIZER])
    assert gguf_tokens(kept / TOKENIZER).fingerprint == table.fingerprint
    for name, content in table.huggingface_files().items():
        (kept / name).write_bytes(content)
    theirs = LlamaPieces(kept / "tokenizer.model")
    assert [ids(theirs, text) for text in EXPECTED["texts"]] == EXPECTED["first"]["ids"]
    assert theirs.chat_template([Message("user", "x")], True) == ["x", 2]


def test_a_llamas_folder_takes_it_and_a_whole_tokenizer_goes_before(folder, tmp_path):
    folder()
    (tmp_path / "config.json").write_text('{"model_type": "llama", "vocab_size": 420, "hidden_size": 8}')
    settings = describe(tmp_path).tokenizer
    assert (settings.name, settings.lowercase) == ("llama", False)
    assert tokenizer_in(tmp_path) == ("llama", tmp_path / "tokenizer.model")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert tokenizer_in(tmp_path)[0] == "tokenizer_json"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scores": None}, "has no tokenizer.ggml.scores"),
        ({"scores": [0.5]}, "scores does not have one number per token"),
        ({"token_type": [99] * 420}, "a token_type is 99, expected 1 to 6"),
        ({"eos_token_id": 9999}, "eos_token_id is 9999, expected an id below 420"),
        ({"tokens": ["a"] * 420}, "not a SentencePiece model"),
    ],
)
def test_a_table_that_is_no_model_is_told_with_the_file(changes, told, from_gguf):
    with pytest.raises(DataError, match=f"model.gguf: .*{told}"):
        from_gguf(**changes)


def test_a_folder_that_cannot_be_read_says_why(folder, tmp_path):
    with pytest.raises(DataError, match=r"tokenizer_config.json: its eos_token is '<end>', which is no piece"):
        folder(eos_token="<end>")
    (tmp_path / "tokenizer.model").write_bytes(b"\x0a\x05junk")
    with pytest.raises(DataError, match="tokenizer.model: not a SentencePiece model"):
        LlamaPieces(tmp_path / "tokenizer.model")
