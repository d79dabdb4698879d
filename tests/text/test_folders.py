"""What stands beside a vocabulary in a folder of transformers: options, added tokens, a tokenizer.json alone.

Expected ids: transformers (tests/fixtures/make_folder_ids.py); of tokenizer.json the library itself.
"""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tasklab.config.description import describe
from tasklab.errors import ConfigError, DataError
from tasklab.text import tokenizer_of
from tasklab.text.whole import WholeTokenizer

KNOWN = json.loads((Path(__file__).parents[1] / "fixtures" / "folder_ids.json").read_text(encoding="utf-8"))
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "muller", "müller", "film", "loves", "你", "你好", "ann"]
SIZES = {"model_type": "bert", "vocab_size": 14, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(SIZES))
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")

    def made(added=None, **options):
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(options))
        if added:
            (tmp_path / "added_tokens.json").write_text(json.dumps(added))
        return tokenizer_of(describe(tmp_path).tokenizer, tmp_path / "vocab.txt")

    return made


def ids(tokenizer, text):
    return tokenizer.encode_batch([text])[0][0].tolist()


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: f"{case['text']} {list(case['options'])}")
def test_ids_are_those_of_transformers_for_the_same_files(folder, case):
    assert ids(folder(case["added"], **case["options"]), case["text"]) == case["ids"]


@pytest.mark.parametrize("said", [{}, {"do_lower_case": True}])
def test_the_pieces_of_roberta_keep_their_letters_whatever_is_said(tmp_path, said):
    # RobertaTokenizer of transformers 4.46.3 and 5.24.0 has no lowering; its published folders say nothing of it
    (tmp_path / "config.json").write_text(json.dumps({**SIZES, "model_type": "roberta"}))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    assert describe(tmp_path).tokenizer.lowercase is False


def test_added_tokens_are_found_before_the_text_is_cut(folder):
    tokenizer = folder({"[E1]": 12, "[E2]": 13}, additional_special_tokens=["[E1]", "[E2]"])
    (found, offsets), = tokenizer.encode_batch(["Ann loves [E1] film[E2]"])  # fmt: skip
    assert found.tolist() == [11, 8, 12, 7, 13]
    assert offsets.tolist() == [[0, 3], [4, 9], [10, 14], [15, 19], [19, 23]]
    assert tokenizer.vocab_size == 14


def test_added_tokens_travel_with_the_vocabulary(folder, tmp_path):
    tokenizer = folder({"[E1]": 12}, additional_special_tokens=["[E1]"])
    (tmp_path / "again").mkdir()
    for name, content in tokenizer.files().items():
        (tmp_path / "again" / name).write_bytes(content)
    again = type(tokenizer)(tmp_path / "again" / "vocab.txt")
    assert (tmp_path / "again" / "vocab.txt").read_text(encoding="utf-8").split() == WORDS
    assert ids(again, "film [E1]") == ids(tokenizer, "film [E1]") == [7, 12]
    assert again.fingerprint == tokenizer.fingerprint


def test_an_added_token_that_the_vocabulary_cannot_reach_is_refused(folder):
    with pytest.raises(DataError, match="cannot reach the id 999"):
        folder({"[E1]": 999})


def whole(path, model, normalizer, splitter, processor):
    tokenizer = Tokenizer(model)
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.post_processor = normalizer, splitter, processor
    tokenizer.save(str(path))
    return tokenizer


def bert_like(path):
    return whole(
        path, models.WordPiece({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"),
        normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer(),
        processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                      special_tokens=[("[CLS]", 2), ("[SEP]", 3)]),
    )  # fmt: skip


MARKS = ["<s>", "<pad>", "</s>", "<unk>"]


def unigram(path):
    pieces = [(word, -9.0) for word in MARKS] + [("\u2581film", -1.0), ("\u2581", -2.0), ("f", -3.0), ("ilm", -3.0)]
    return whole(path, models.Unigram(pieces, 3), normalizers.NFKC(), pre_tokenizers.Metaspace(),
                 processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                               special_tokens=[("<s>", 0), ("</s>", 2)]))  # fmt: skip


def pairs_of_bytes(path):
    pieces = {piece: n for n, piece in enumerate([*MARKS, "f", "i", "l", "m", "fi", "lm", "\u0120"])}
    return whole(path, models.BPE(pieces, [("f", "i"), ("l", "m")], unk_token="<unk>"), normalizers.NFC(),
                 pre_tokenizers.ByteLevel(add_prefix_space=False),
                 processors.RobertaProcessing(("</s>", 2), ("<s>", 0)))  # fmt: skip


@pytest.mark.parametrize("make, separators, second", [(bert_like, 1, 1), (unigram, 2, 0), (pairs_of_bytes, 2, 0)])
def test_a_tokenizer_json_alone_is_enough(tmp_path, make, separators, second):
    library = make(tmp_path / "tokenizer.json")
    ours = WholeTokenizer(tmp_path / "tokenizer.json")
    for text in ("film", "Müller loves film", "ﬁlm f ilm", ""):
        assert ids(ours, text) == library.encode(text, add_special_tokens=False).ids
    row = library.encode("film", "film").ids
    first = ids(ours, "film")
    sep = [ours.sep_id]
    assert row == [ours.cls_id, *first, *sep * ours.pair_separators, *first, *sep]
    assert (ours.pair_separators, ours.second_type) == (separators, second)


def test_a_damaged_tokenizer_json_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "WordPiece"}}')
    with pytest.raises(DataError, match="tokenizer.json: no tokenizer of the tokenizers library"):
        WholeTokenizer(tmp_path / "tokenizer.json")


def test_a_setting_that_a_tokenizer_does_not_know_is_refused(folder, tmp_path):
    folder()
    settings = describe(tmp_path).tokenizer
    settings.name, settings.strip_accents = "char", True
    with pytest.raises(ConfigError, match="tokenizer 'char' does not know it"):
        tokenizer_of(settings, tmp_path / "vocab.txt")
