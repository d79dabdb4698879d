"""T5's pieces and sentinels against transformers (tests/fixtures/make_t5_fixture.py)."""

import json
from pathlib import Path

import pytest

from tasklab.errors import DataError
from tasklab.text.sentinels import T5Pieces
from tasklab.text.whole import WholeTokenizer

FOLDER = Path(__file__).parents[1] / "fixtures" / "tiny_t5"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@pytest.fixture(scope="module")
def tokenizer():
    return T5Pieces(FOLDER / "spiece.model")


@pytest.mark.parametrize("text, ids", list(zip(EXPECTED["texts"], EXPECTED["ids"], strict=True)))
def test_ids_are_those_of_transformers(text, ids, tokenizer):
    ((found, offsets),) = tokenizer.encode_batch([text])
    assert found.tolist() == ids
    assert all(not text[begin:end][:1].isspace() for begin, end in offsets)


def test_sentinels_stand_behind_the_vocabulary_the_first_one_last(tokenizer):
    assert tokenizer.vocab_size == EXPECTED["size"]
    assert tokenizer.token_id("<extra_id_0>") == tokenizer.vocab_size - 1
    assert tokenizer.token_id("<extra_id_99>") == tokenizer.vocab_size - 100
    assert tokenizer.token_id("<extra_id_100>") is None


def test_a_text_begins_with_nothing_and_ends_with_its_end(tokenizer):
    assert not tokenizer.adds_bos
    assert (tokenizer.pad_id, tokenizer.bos_id, tokenizer.eos_id) == (0, 0, 1)


def test_offsets_point_into_the_text_as_passed(tokenizer):
    text = "<extra_id_0> the  river"
    ((_, offsets),) = tokenizer.encode_batch([text])
    assert "".join(text[begin:end] for begin, end in offsets) == "<extra_id_0>theriver"


def test_ids_read_as_the_text_with_its_sentinels(tokenizer):
    ((ids, _),) = tokenizer.encode_batch(["the bridge <extra_id_3> river"])
    assert tokenizer.decode([0, *ids, 1]) == "the bridge<extra_id_3> river"


def test_a_folder_keeps_how_many_sentinels_there_are(tokenizer, tmp_path):
    for name, content in tokenizer.files().items():
        (tmp_path / name).write_bytes(content)
    options = tmp_path / "tokenizer_config.json"
    assert T5Pieces(tmp_path / "spiece.model").fingerprint == tokenizer.fingerprint
    options.write_text(options.read_text().replace("100", "7"))
    other = T5Pieces(tmp_path / "spiece.model")
    assert (other.extra_ids, other.tokens[-1], len(tokenizer.tokens) - len(other.tokens)) == (7, "<extra_id_0>", 93)


def test_a_model_of_another_kind_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"tiny_spiece.model: lacks </s>; models of this kind hold <pad> </s> <unk>"):
        T5Pieces(FOLDER.parent / "tiny_spiece.model")
    (tmp_path / "spiece.model").write_bytes((FOLDER / "spiece.model").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text('{"extra_ids": -1}')
    with pytest.raises(DataError, match="extra_ids is -1; expected their number"):
        T5Pieces(tmp_path / "spiece.model")


@pytest.mark.parametrize("text, ids", list(zip(EXPECTED["texts"], EXPECTED["ids"], strict=True)))
def test_one_file_gives_the_same_ids_and_texts(text, ids):
    whole, pieces = WholeTokenizer(FOLDER / "whole" / "tokenizer.json"), T5Pieces(FOLDER / "spiece.model")
    ((found, _),) = whole.encode_batch([text])
    assert found.tolist() == ids
    known = [number for number in ids if number != 2]  # of an unknown piece either says something else
    assert whole.decode([0, *known, 1]) == pieces.decode([0, *known, 1])
    assert (whole.pad_id, whole.eos_id, whole.adds_bos) == (0, 1, False)
