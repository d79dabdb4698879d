"""The tokenizer of a GGUF file: ids of its merges, text back, special tokens never from a text, and its own file."""

import json

import numpy as np
import pytest

from tasklab.config.gguf import TOKENIZER
from tasklab.data.generation.examples import Message
from tasklab.errors import DataError
from tasklab.gguf import tokenizer_part
from tasklab.text.gguf import gguf_tokens
from tasklab.text.streamed import Streamed
from tasklab.text.whole import WholeTokenizer

BYTES = sorted({*range(33, 127), *range(161, 173), *range(174, 256)})
ALPHABET = [chr(code) for code in BYTES] + [chr(256 + n) for n in range(256 - len(BYTES))]  # GPT-2's, Ġ the blank
TOKENS = ["<|end|>", "<|start|>", *ALPHABET, "th", "the", "Ġthe"]
SAID = {
    "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm", "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": [3, 3] + [1] * (len(TOKENS) - 2), "tokenizer.ggml.merges": ["t h", "th e", "Ġ the"],
    "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 0, "tokenizer.ggml.add_bos_token": False,
    "tokenizer.chat_template": "{% for m in messages %}<|start|>{{ m.content }}<|end|>{% endfor %}",
}  # fmt: skip


def made(folder, **changes):
    said = {**SAID, **{f"tokenizer.ggml.{key}": value for key, value in changes.items()}}
    path = folder / "model.gguf"
    path.write_bytes(tokenizer_part({key: value for key, value in said.items() if value is not None}))
    return gguf_tokens(path)


def test_pairs_are_joined_as_the_merges_say_and_digits_stand_alone(tmp_path):
    tokens = made(tmp_path)
    ((ids, offsets),) = tokens.encode_batch(["the the12"])
    assert [tokens.tokens[i] for i in ids] == ["the", "Ġthe", "1", "2"]
    assert offsets.tolist() == [[0, 3], [3, 7], [7, 8], [8, 9]]


@pytest.mark.parametrize("text", ["the 漢字 é🙂\n\n  x\t", "<|end|><|start|>", ""])
def test_ids_read_the_text_again_and_no_text_is_a_special_token(tmp_path, text):
    tokens = made(tmp_path)
    ((ids, _),) = tokens.encode_batch([text])
    assert tokens.decode(ids) == text and not {0, 1} & set(ids.tolist())
    assert tokens.decode([1, *ids, 0]) == text


def test_any_text_comes_back_whole_at_once_and_in_parts(tmp_path, rng):
    tokens = made(tmp_path)
    planes = [(0, 0x80), (0x80, 0xD800), (0xE000, 0x11000), (0x1F300, 0x1FAFF), (0x4E00, 0x9FFF), (0x300, 0x36F)]
    for _ in range(200):
        spans = rng.integers(len(planes), size=rng.integers(1, 12))
        text = "".join(chr(rng.integers(*planes[i])) for i in spans)
        ((ids, _),) = tokens.encode_batch([text])
        assert tokens.decode(ids) == text
        streamed = Streamed(tokens)
        assert "".join(streamed.push([number]) for number in ids) + streamed.rest() == text


def test_the_template_is_the_files(tmp_path):
    assert made(tmp_path).chat_template([Message("user", "<|end|>x")], True) == [1, "<|end|>x", 0]
    assert made(tmp_path).adds_bos is False


def test_its_own_file_gives_the_same_tokenizer(tmp_path):
    tokens = made(tmp_path)
    (tmp_path / TOKENIZER).write_bytes(tokens.files()[TOKENIZER])
    again = gguf_tokens(tmp_path / TOKENIZER)
    assert again.fingerprint == tokens.fingerprint and again.tokens == TOKENS
    np.testing.assert_array_equal(again.encode_batch(["the the"])[0][0], tokens.encode_batch(["the the"])[0][0])


@pytest.mark.parametrize("adds_bos", [False, True])
def test_as_transformers_has_it_the_tokenizer_is_the_same(adds_bos, tmp_path):
    tokens, folder = made(tmp_path, add_bos_token=adds_bos), tmp_path / "theirs"
    folder.mkdir()
    for name, content in tokens.huggingface_files().items():
        (folder / name).write_bytes(content)
    theirs = WholeTokenizer(folder / "tokenizer.json")
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == 0
    text = "the 漢字12<|end|>"
    assert theirs.encode_batch([text])[0][0].tolist() == tokens.encode_batch([text])[0][0].tolist()
    assert (theirs.bos_id, theirs.eos_id, theirs.adds_bos, theirs.special_ids) == (1, 0, adds_bos, {0, 1})
    assert theirs.chat_template([Message("user", "<|end|>x")], True) == [1, "<|end|>x", 0]
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}<|end|>", encoding="utf-8")  # transformers 5
    again = WholeTokenizer(folder / "tokenizer.json")
    assert again.chat_template([Message("user", "x")], True) == ["x", 0] and "chat_template.jinja" in again.files()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "t5"}, "tokenizer.ggml.model is 't5'; read are gpt2, byte-level BPE, and llama"),
        ({"pre": "tekken"}, "tokenizer.ggml.pre is 'tekken'; read are gpt-2, smollm"),
        ({"eos_token_id": 9999}, "tokenizer.ggml.eos_token_id is 9999, expected an id below 261"),
        ({"eos_token_id": None}, "says no tokenizer.ggml.eos_token_id"),
        ({"merges": ["t h", "xyz"]}, "a merge is 'xyz', expected two pieces"),
        ({"merges": ["t q"]}, "its merges do not belong to its tokens"),
        ({"tokens": [1, 2]}, "expected a list of texts"),
        ({"token_type": [3]}, "does not have one number per token"),
    ],
)
def test_what_cannot_be_is_told_with_the_file(tmp_path, changes, told):
    with pytest.raises(DataError, match=f"model.gguf: .*{told}"):
        made(tmp_path, **changes)
