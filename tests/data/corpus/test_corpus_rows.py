"""From text files to rows of a token file: documents, limits, and all bad lines before training."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tasklab.config import Config
from tasklab.data.corpus import reading
from tasklab.data.corpus import rows as corpus_rows
from tasklab.data.corpus.rows import MaskedWordsDataConfig, read_corpus
from tasklab.errors import ConfigError, DataError
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


def settings(**values) -> MaskedWordsDataConfig:
    data = MaskedWordsDataConfig(max_seq_length=8)
    for key, value in values.items():
        data[key] = value
    return data


def read(folder, text, name="c.txt", **values):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_corpus(path, TOKENIZER, settings(**values), folder / "cache")


def words(rows):
    ids = rows.tokens.ids & rows.tokens.unmarked
    return [" ".join(TOKENIZER.tokens[n] for n in ids[a:b]) for a, b in zip(rows.starts, rows.stops, strict=True)]


def test_lines_share_rows_and_a_blank_line_ends_a_document(tmp_path):
    text = "the fox\nthe fox\n\n\nwhere the fox\n"
    rows, note = read(tmp_path, text)
    assert words(rows) == ["the fox the fox", "where the fox"] and note == ""  # six tokens and two special ones
    assert rows.tokens.documents.tolist() == [0, 2] and rows.tokens.ends.tolist() == [2, 4, 7]
    assert words(read(tmp_path, text, packing="line")[0]) == ["the fox", "the fox", "where the fox"]
    assert words(read(tmp_path, text, packing="continuous")[0]) == ["the fox the fox where the", "fox"]
    rows, _ = read(tmp_path, text, documents="line", packing="document")
    assert rows.tokens.documents.tolist() == [0, 1, 2] and len(rows) == 3


def test_a_second_reading_takes_the_file_and_says_the_same(tmp_path, monkeypatch):
    text = b"the fox\nbr\xfcn\n\xe9\xbe\x98 fox\n"
    rows, note = read(tmp_path, text, on_bad_row="skip")
    assert words(rows) == ["the fox [UNK] fox"]
    assert "left out 1: not UTF-8 (1); first: " in note and "c.txt:2: byte 2 of the line is 0xfc" in note
    assert note.endswith("; 1 of 4 tokens (25.0%) are not in the vocabulary")
    monkeypatch.setattr(TOKENIZER, "encode_batch", None)
    again, same = read(tmp_path, text, on_bad_row="skip")
    assert words(again) == words(rows) and same == note


def test_bad_lines_stop_before_training_all_of_them_listed(tmp_path):
    with pytest.raises(DataError, match=r"(?s)2 problems: not UTF-8 \(1\), NUL \(1\).*c.txt:2: .*c.txt:4: "):
        read(tmp_path, b"the fox\nbr\xfcn\nthe\na\0b\n")
    assert list((tmp_path / "cache").iterdir()) == []
    with pytest.raises(DataError, match="c.txt: holds no text; expected one sentence or paragraph per line"):
        read(tmp_path, "\n\n \n")


def test_documents_do_not_run_from_file_to_file(tmp_path):
    (tmp_path / "many").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "many" / name).write_text("the fox\n")
    rows, _ = read_corpus(tmp_path / "many", TOKENIZER, settings(), tmp_path / "cache")
    assert rows.tokens.documents.tolist() == [0, 1]


def test_a_line_without_tokens_still_begins_its_document(tmp_path):
    rows, _ = read(tmp_path, "the fox\n\n\u200b\nthe fox\n")  # a zero width space is nothing to BERT
    assert rows.tokens.documents.tolist() == [0, 1] and rows.tokens.ends.tolist() == [2, 4]


def test_words_between_blanks_are_marked_on_request(tmp_path):
    # two pieces each, the second without a blank before it
    rows, _ = read(tmp_path, "fox, fox,\n", words="blanks")
    assert words(rows) == ["fox , fox ,"]
    assert (rows.tokens.ids > rows.tokens.unmarked).tolist() == [False, True, False, True]
    assert not (read(tmp_path, "fox, fox,\n")[0].tokens.ids > rows.tokens.unmarked).any()


def test_memory_does_not_grow_with_the_text(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 1 << 14)
    monkeypatch.setattr(corpus_rows, "BLOCK", 1 << 14)
    peaks = []
    for lines in (2_000, 8_000):
        (tmp_path / "c.txt").write_text("where the fox, where the fox, where the fox, where the fox, the\n" * lines)
        tracemalloc.start()
        rows, _ = read_corpus(tmp_path / "c.txt", TOKENIZER, settings(max_seq_length=128), tmp_path / "cache")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    words = len(rows.tokens.ids) // 8_000
    assert words == 17
    # of 6,000 more lines the ends, 8 bytes each and some 40 more while rows are packed; not their text of 64 bytes and
    # not their 17 words, which take 12 bytes each with their offsets
    assert peaks[1] - peaks[0] < 96 * 6_000


def test_rows_that_are_picked_keep_their_numbers(tmp_path):
    rows, _ = read(tmp_path, "the fox\n" * 5, packing="line")
    assert [row.id for row in rows.select(np.array([1, 4]))] == ["1", "4"] and len(rows[:2]) == 2


def test_a_next_sentence_needs_another_document(tmp_path):
    with pytest.raises(DataError, match="is one document, so a text from another one cannot be drawn; put a blank"):
        read(tmp_path, "the fox\nthe fox\n", sentence_target="next_sentence")
    with pytest.raises(ConfigError, match="sentence_target sentence_order takes both texts from one document; set"):
        data = settings(sentence_target="sentence_order", packing="line")
        Config.create(MaskedWordsDataConfig, task="masked_language_modeling", data=data).validate()
