"""Pegasus' pieces against transformers (tests/fixtures/make_t5_fixture.py)."""

import json
from pathlib import Path

import pytest

from tasklab.config.description import describe
from tasklab.data.text2text.blanks import blanks_of
from tasklab.errors import DataError
from tasklab.text.pegasus import PegasusPieces

FOLDER = Path(__file__).parents[1] / "fixtures" / "tiny_t5"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
PLAIN = [(text, ids) for text, ids in zip(EXPECTED["texts"], EXPECTED["pegasus"], strict=True)
         if text == " ".join(text.split())]  # fmt: skip
"""transformers 5 has a piece for blanks at the end of a text, which SentencePiece and Pegasus' own program have not."""


@pytest.fixture(scope="module")
def tokenizer():
    return PegasusPieces(FOLDER / "spiece.model")


@pytest.mark.parametrize("text, ids", PLAIN)
def test_ids_are_those_of_transformers(text, ids, tokenizer):
    ((found, _),) = tokenizer.encode_batch([text])
    assert found.tolist() == ids
    assert len(PLAIN) >= 6


def test_tokens_of_pre_training_stand_before_the_models(tokenizer):
    assert tokenizer.vocab_size == EXPECTED["pegasus_size"]
    assert (tokenizer.pad_id, tokenizer.eos_id, tokenizer.unk_id, tokenizer.adds_bos) == (0, 1, 105, False)
    assert tokenizer.tokens[2:5] == ["<mask_1>", "<mask_2>", "<unk_2>"] and tokenizer.tokens[104] == "<unk_102>"
    ids = blanks_of(tokenizer).encode_batch(["the [MASK] mill"])[0][0].tolist()
    assert ids.count(2) == 1 and tokenizer.decode([0, *ids, 1]) == "the mill"


def test_a_folder_of_pegasus_names_it(tokenizer, tmp_path):
    for name, content in tokenizer.files().items():
        (tmp_path / name).write_bytes(content)
    config = {"model_type": "pegasus", "vocab_size": 193, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
              "encoder_attention_heads": 2, "encoder_ffn_dim": 16}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert PegasusPieces(tmp_path / "spiece.model").fingerprint == tokenizer.fingerprint
    assert describe(tmp_path, "model.safetensors").tokenizer.name == "pegasus"
    assert not describe(tmp_path, "model.safetensors").tokenizer.lowercase


def test_a_model_of_another_kind_is_refused(tmp_path):
    other = Path(__file__).parents[1] / "fixtures" / "tiny_spiece.model"
    with pytest.raises(DataError, match="lacks </s>"):
        PegasusPieces(other)
