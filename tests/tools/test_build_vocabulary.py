"""Vocabularies from text: counted by hand, merged by hand, read back by the tokenizers they are for."""

import json
import tracemalloc

import pytest

from tasklab.cli import main
from tasklab.errors import CheckpointError, DataError
from tasklab.text import TOKENIZERS
from tasklab.text.listed import read_vocabulary
from tasklab.text.sentencepiece import cleaned
from tasklab.tools import vocabulary_counts
from tasklab.tools.build_vocabulary import build_vocabulary
from tasklab.tools.vocabulary_counts import Limits, char, space
from tasklab.tools.vocabulary_training import _cleaned, _sample, _short, bpe, wordpiece

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def pieces(files: dict[str, bytes]) -> list[str]:
    return files["vocab.txt"].decode().split("\n")[:-1]


@pytest.fixture
def corpus(tmp_path):
    sentences = ("The river runs past the old mill.", "Who built the bridge?", "日本へ行く。", "Café Zürich, 3.5 km")
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(sentences * 40) + "\n", encoding="utf-8")
    return str(path)


def test_characters_come_by_their_count_and_then_by_their_code():
    # b a b c, b blank a: b 3, a 2, c 1, blank 1 (code 32 before c); the blanks around the line do not count
    assert pieces(char(["  babc \n", "B a\n"], Limits(100))) == [*SPECIAL, "b", "a", " ", "c"]
    assert pieces(char(["babc", "B a"], Limits(100, min_count=2, lowercase=False))) == [*SPECIAL, "a", "b"]
    assert pieces(char(["babc"], Limits(7))) == [*SPECIAL, "b", "a"]


def test_words_come_by_their_count_and_special_tokens_are_not_counted():
    lines = ["the mill the\triver", "Mill [MASK] old"]
    assert pieces(space(lines, Limits(100))) == [*SPECIAL, "mill", "the", "[mask]", "old", "river"]
    assert pieces(space(lines, Limits(100, lowercase=False)))[5:] == ["the", "Mill", "mill", "old", "river"]


def test_with_99_unused_places_the_first_104_lines_are_uer_py_s():
    found = pieces(char(["a"], Limits(1000, unused=99)))
    assert found == ["[PAD]", *(f"[unused{i}]" for i in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]


def test_the_rarest_words_are_forgotten_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(vocabulary_counts, "MOST_COUNTED", 3)
    monkeypatch.setattr(vocabulary_counts, "CHUNK", 1)
    lines = ["a a a", "b b", "c", "d", "e", "a b"]
    assert pieces(space(lines, Limits(100)))[5:7] == ["a", "b"]


def test_counting_holds_no_text(monkeypatch):
    monkeypatch.setattr(vocabulary_counts, "CHUNK", 1 << 12)
    tracemalloc.start()
    space(("river runs past the mill " * 10 for _ in range(4_000)), Limits(100))  # 1 MB
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e5


def test_wordpiece_merges_the_most_frequent_pair_first():
    # ab three times, cd twice: characters and pieces within words, then ab, then cd
    lines = ["ab ab ab, cd CD"]
    assert pieces(wordpiece(lines, Limits(13))) == [*SPECIAL, ",", "a", "b", "c", "d", "##b", "##d", "ab"]
    assert pieces(wordpiece(lines, Limits(14)))[-1] == "cd"
    assert "CD" in pieces(wordpiece(lines, Limits(30, lowercase=False)))


def test_wordpiece_keeps_the_most_frequent_characters_when_not_all_have_room():
    # 日 3, 本 2, 人 1, 語 1: room for two; a Chinese character is a word of its own and has no piece within words
    assert pieces(wordpiece(["日日日 本本 語 人"], Limits(7))) == [*SPECIAL, "日", "本"]


def test_bpe_spells_bytes_and_has_the_special_tokens_of_roberta():
    files = bpe(["ab ab ab cd"] * 2, Limits(5 + 256 + 2))
    vocabulary = json.loads(files["vocab.json"])
    assert [vocabulary[t] for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")] == [0, 1, 2, 3, 4]
    # "a b" stands six times, with the blank in front four times: "Ġ" and "ab" are merged next
    assert files["merges.txt"].decode().split("\n") == ["#version: 0.2", "a b", "Ġ ab", ""]


@pytest.mark.parametrize("kind, name", [("char", "vocab.txt"), ("space", "vocab.txt"), ("wordpiece", "vocab.txt"),
                                        ("bpe", "merges.txt"), ("unigram", "spiece.model"),
                                        ("t5", "spiece.model")])  # fmt: skip
def test_a_vocabulary_spells_its_text_and_equal_text_gives_an_equal_one(kind, name, corpus, tmp_path):
    made = build_vocabulary(corpus, to=tmp_path / "v", kind=kind, size=400)
    assert made.path == tmp_path / "v" / name and made.lines == 160 and 18 < made.pieces <= 400
    again = build_vocabulary(corpus, to=tmp_path / "w", kind=kind, size=400)
    assert made.path.read_bytes() == again.path.read_bytes()
    tokenizer = TOKENIZERS.get(made.tokenizer)(made.path, lowercase=True)
    with open(corpus, encoding="utf-8") as file:
        texts = file.read().splitlines()
    ids = [number for found, _ in tokenizer.encode_batch(texts) for number in found]
    assert tokenizer.unk_id not in ids and max(ids) < tokenizer.vocab_size == made.pieces


def test_t5_s_pieces_begin_with_three_of_its_own_and_end_with_a_hundred_sentinels(corpus, tmp_path):
    made = build_vocabulary(corpus, to=tmp_path / "v", kind="t5", size=400, cased=True)
    tokenizer = TOKENIZERS.get("t5")(made.path)
    assert tokenizer.tokens[:3] == ["<pad>", "</s>", "<unk>"]  # 0, 1 and 2 as in the published models
    assert tokenizer.tokens[-100:] == [f"<extra_id_{n}>" for n in reversed(range(100))]
    ((ids, _),) = tokenizer.encode_batch(["Who built <extra_id_0>?"])
    assert ids.tolist().count(made.pieces - 1) == 1  # <extra_id_0> is the last
    with pytest.raises(DataError, match="--size 100: 100 of them are T5's sentinels; expected more"):
        build_vocabulary(corpus, to=tmp_path / "w", kind="t5", size=100)


def test_a_file_may_be_named_too_and_the_line_says_how_to_use_it(corpus, tmp_path, capsys):
    to = tmp_path / "new" / "words.txt"
    options = ["--kind", "space", "--to", str(to), "--cased", "--size", "12"]
    assert main(["tools", "build-vocabulary", corpus, *options]) == 0
    out = capsys.readouterr().out
    assert "12 pieces from 160 lines" in out
    assert f"tokenizer.name=space tokenizer.vocab={to} tokenizer.lowercase=false model.vocab_size=12" in out
    assert read_vocabulary(to)[:7] == [*SPECIAL, "the", "3.5"]


def test_bad_requests_are_refused_before_anything_is_written(corpus, tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "latin.txt").write_bytes(b"ok\ncaf\xe9\n")
    for arguments, told in [
        ({"kind": "bpe", "to": tmp_path / "v.txt"}, "is two files, vocab.json and merges.txt; name a folder"),
        ({"size": 3, "to": tmp_path / "v"}, "expected --size from 10"),
    ]:
        with pytest.raises(DataError, match=told):
            build_vocabulary(corpus, **arguments)
    with pytest.raises(DataError, match="latin.txt: byte 6: not UTF-8"):
        build_vocabulary(str(tmp_path / "latin.txt"), to=tmp_path / "v", kind="char")
    for kind in ("char", "wordpiece", "unigram"):
        with pytest.raises(DataError, match="empty.txt: no line holds any text"):
            build_vocabulary(str(tmp_path / "empty.txt"), to=tmp_path / "v", kind=kind)
    with pytest.raises(CheckpointError, match="exists already"):
        build_vocabulary(corpus, to=corpus)
    assert not (tmp_path / "v").exists() and not (tmp_path / "v.txt").exists()


@pytest.mark.parametrize("text", ["plain  Text", "``quoted'' text", "Zürich ﬁn ½ ΣΑΣ", "ｆｕｌｌ", "a\u0301 \u3000b"])
def test_sentencepiece_learns_from_text_as_its_tokenizer_cleans_it(text):
    for lowercase in (True, False):
        assert _cleaned(text, lowercase) == cleaned(text, lowercase)[0]


def test_a_sample_is_all_or_so_many_and_long_lines_are_cut_between_words():
    assert _sample(map(str, range(5)), 9, 0) == list("01234")
    drawn, again, other = (_sample(map(str, range(1000)), 10, seed) for seed in (0, 0, 1))
    assert len(set(drawn)) == 10 and drawn == again != other
    parts = list(_short(["word " * 1000 + "日" * 2000]))
    assert "".join(parts) == "word " * 1000 + "日" * 2000 and max(len(p.encode()) for p in parts) <= 4000
