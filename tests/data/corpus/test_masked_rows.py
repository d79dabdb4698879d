"""Batches of masked rows: what stands where, by epoch, and the two texts of the sentence targets."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.data.corpus.masked_rows import MaskedRows
from tasklab.data.corpus.masking import Masking, ordinary
from tasklab.data.corpus.rows import MaskedWordsDataConfig, read_corpus
from tasklab.text.spelling import continuing
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
CLS, SEP, MASK = TOKENIZER.cls_id, TOKENIZER.sep_id, TOKENIZER.mask_id
ORDINARY = ordinary(TOKENIZER.tokens)
LETTERS = [TOKENIZER.tokens[n] for n in ORDINARY if len(TOKENIZER.tokens[n]) == 1 and TOKENIZER.tokens[n].isalpha()]


@pytest.fixture
def table(tmp_path):
    """table(lines, ...) -> MaskedRows."""

    def build(lines, length=24, target="none", dynamic=True, seed=42, **masking):
        (tmp_path / "c.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        data = MaskedWordsDataConfig(max_seq_length=length, sentence_target=target)
        rows, _ = read_corpus(tmp_path / "c.txt", TOKENIZER, data, tmp_path)
        masking = Masking(MASK, ORDINARY, (TOKENIZER.unk_id,), **masking)
        return MaskedRows(rows, TOKENIZER, masking, continuing(TOKENIZER.tokens), target, seed, dynamic)

    return build


def texts(count=40):
    rng = np.random.default_rng(1)
    return [" ".join(rng.choice(LETTERS, 9)) for _ in range(count)]


def restored(batch, i):
    """Ids of row i with the words back in their places."""
    ids = batch["input_ids"][i].copy()
    asked = batch["masked_labels"][i] >= 0
    ids[batch["masked_positions"][i][asked]] = batch["masked_labels"][i][asked]
    return ids[: batch["attention_mask"][i].sum()]


def test_a_batch_is_the_corpus_with_masks_and_nothing_else(table):
    lines = texts()
    features = table(lines)
    wanted = TOKENIZER.encode_batch([" ".join(lines[i : i + 2]) for i in range(0, 40, 2)])
    assert len(features) == 20 and set(features.lengths["input"]) == {20}
    batch = features.batch([3, 0], {"input": 24}, 3)
    for i, row in enumerate((3, 0)):
        assert restored(batch, i).tolist() == [CLS, *wanted[row][0], SEP]
        assert (batch["masked_labels"][i] >= 0).sum() == 3  # 15 % of 18 = 2.7; a row of 22 words has 3 places
        assert batch["token_type_ids"][i].sum() == 0 and batch["sentence_labels"][i] == -1
    assert batch["masked_labels"].shape == (3, 3) and batch["sample_weight"].tolist() == [1, 1, 0]
    assert batch["attention_mask"][2].tolist() == [1] + [0] * 23 and (batch["masked_labels"][2] == -1).all()
    assert {batch[name].dtype for name in batch} == {np.dtype("int32"), np.dtype("float32")}


def test_masks_follow_from_seed_epoch_and_row(table):
    features = table(texts())

    def masked(found, rows=(5, 6)):
        return found.batch(rows, {"input": 24}, 2)["masked_positions"].tolist()

    assert masked(features.of_epoch(3)) == masked(table(texts()).of_epoch(3)) != masked(features.of_epoch(4))
    assert masked(features.of_epoch(3), (6, 5)) == masked(features.of_epoch(3))[::-1]
    assert masked(features) == masked(features.of_epoch(0)) != masked(table(texts(), seed=43))
    fixed = table(texts(), dynamic=False)
    assert masked(fixed.of_epoch(3)) == masked(fixed)


def test_a_part_of_the_rows_has_the_masks_that_they_have_in_the_whole(table):
    features = table(texts())
    whole = features.batch([7], {"input": 24}, 1)["masked_positions"].tolist()
    features.rows = features.rows.select(np.array([2, 7]))
    assert features.batch([1], {"input": 24}, 1)["masked_positions"].tolist() == whole


def test_words_between_blanks_are_masked_as_a_whole(tmp_path):
    (tmp_path / "c.txt").write_text("a,b c,d " * 10 + "\n")  # words of three tokens, which no vocabulary joins
    data = MaskedWordsDataConfig(max_seq_length=64, words="blanks")
    rows, _ = read_corpus(tmp_path / "c.txt", TOKENIZER, data, tmp_path)
    masking = Masking(MASK, ORDINARY, (TOKENIZER.unk_id,), "whole_word")
    features = MaskedRows(rows, TOKENIZER, masking, None, "none", 1)
    comma = TOKENIZER.token_id(",")
    for epoch in range(20):
        row = features.of_epoch(epoch).row(0)
        assert len(row.labels) == 9  # 15 % of 60
        for word in np.split(np.arange(9), 3):
            first = row.positions[word[0]]
            assert row.positions[word].tolist() == [first, first + 1, first + 2] and (first - 1) % 3 == 0
            assert row.labels[word[1]] == comma  # the mark of an id is not part of it


def halves(batch, i):
    """The two texts of row i."""
    ids, second = restored(batch, i), batch["token_type_ids"][i].argmax()
    assert ids[0] == CLS and ids[second - 1] == SEP == ids[-1]
    return ids[1 : second - 1].tolist(), ids[second:-1].tolist()


@pytest.mark.parametrize("target", ["next_sentence", "sentence_order"])
def test_two_texts_come_from_lines_of_one_document_or_say_that_they_do_not(table, target):
    lines = texts(60)
    documents = [lines[i : i + 6] for i in range(0, 60, 6)]
    features = table([line for document in documents for line in (*document, "")], 30, target)
    ids = {tuple(found): line for line, (found, _) in zip(lines, TOKENIZER.encode_batch(lines), strict=True)}
    place = {line: (d, n) for d, document in enumerate(documents) for n, line in enumerate(document)}

    def spoken(text):
        return [place[ids[tuple(text[i : i + 9])]] for i in range(0, len(text) - len(text) % 9, 9)]

    counts = {0: 0, 1: 0}
    for epoch in range(10):
        batch = features.of_epoch(epoch).batch(range(len(features)), {"input": 30}, len(features))
        for i in range(len(features)):
            label, (first, second) = int(batch["sentence_labels"][i]), halves(batch, i)
            counts[label] += 1
            a, b = spoken(first), spoken(second)
            assert len(a) >= 1 and len(b) >= 1
            if label == 0:
                assert b[0] == (a[-1][0], a[-1][1] + 1)  # the next line of the same document
            elif target == "sentence_order":
                assert a[0] == (b[-1][0], b[-1][1] + 1)
            else:
                assert a[0][0] != b[0][0]
    # two rows per document, 200 draws: the deviation of the difference is sqrt(200) = 14
    assert sum(counts.values()) == 200 and abs(counts[0] - counts[1]) < 70


def test_a_row_of_one_line_is_cut_within_and_one_of_a_token_has_no_second_text(table):
    features = table(["a b c d", "", "e", "", "f"], 20, "sentence_order")
    batch = features.batch([0, 1, 2], {"input": 20}, 3)
    one, two = (TOKENIZER.encode_batch([text])[0][0].tolist() for text in ("a b", "c d"))
    assert halves(batch, 0) == ((one, two) if batch["sentence_labels"][0] == 0 else (two, one))
    assert batch["sentence_labels"][1:].tolist() == [-1, -1]
    assert restored(batch, 1).tolist() == [CLS, TOKENIZER.token_id("e"), SEP, SEP]


def test_whatever_changes_a_masked_row_changes_the_digest(table):
    lines = texts()
    same = table(lines).digest()
    assert table(lines).digest() == same == table(lines).of_epoch(0).digest()
    swapped = [lines[1], lines[0], *lines[2:]]
    others = [
        table(swapped), table(lines, length=12), table(lines, seed=43), table(lines, dynamic=False),
        table(lines, target="sentence_order"), table(lines, probability=0.2), table(lines, unit="whole_word"),
        table(lines).of_epoch(1),
    ]  # fmt: skip
    assert len({same, *(other.digest() for other in others)}) == 1 + len(others)
