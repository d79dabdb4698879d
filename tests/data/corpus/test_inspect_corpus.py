"""The report on plain text, counted by hand, and what is taken for it."""

import tracemalloc
from pathlib import Path

import pytest

from tasklab.data.corpus.inspect import inspect_corpus, looks_like_text
from tasklab.data.corpus.rows import MaskedWordsDataConfig
from tasklab.data.files.sample import sample_of
from tasklab.errors import DataError
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
TEXT = b"the old fox\n\nwhere\nis \xe9\xbe\x98\nbr\xfcn\n\n\nb c d e f g h\n"
SETTINGS = {"max_seq_length": 8, "num_buckets": 1}


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "c.txt").write_bytes(TEXT)
    return tmp_path / "c.txt"


def test_lines_documents_and_bad_lines_are_counted(corpus, tmp_path):
    report = inspect_corpus(corpus, None, MaskedWordsDataConfig(**SETTINGS), tmp_path / "cache")
    assert (report.files, report.lines, report.documents, report.characters) == (1, 4, 3, 11 + 5 + 4 + 13)
    assert report.bad.counts == {"not UTF-8": 1} and "c.txt:5: byte 2" in report.bad.first[0].message
    assert report.sizes is None and not (tmp_path / "cache").exists()
    every_line = MaskedWordsDataConfig(**SETTINGS, documents="line")
    assert inspect_corpus(tmp_path, None, every_line, tmp_path / "cache").documents == 4


def test_tokens_and_rows_are_those_of_a_run_that_skips_bad_lines(corpus, tmp_path):
    data = MaskedWordsDataConfig(**SETTINGS)
    report = inspect_corpus(corpus, TOKENIZER, data, tmp_path / "cache")
    assert data.on_bad_row == "error"
    assert report.lengths == {"line": (1, 3, 7, 7, 7)}  # of 1, 2, 3 and 7 tokens: place 1.5 of 0 to 3 is rounded to 2
    # six tokens in a row: all of the first three lines, six of the last one, and what is left of it
    assert (report.sizes.rows, report.sizes.tokens, report.long_lines) == (3, 13 + 3 * 2, 1)
    assert report.sizes.unknown == pytest.approx(1 / 13) and report.sizes.planned_lengths == (8,)
    assert report.sizes.padding == pytest.approx(1 - 19 / 24)


def test_without_any_text_there_is_no_report_but_bad_lines_are_told(tmp_path):
    (tmp_path / "c.txt").write_bytes(b"\n\n")
    with pytest.raises(DataError, match="holds no text"):
        inspect_corpus(tmp_path, TOKENIZER, MaskedWordsDataConfig(), tmp_path / "cache")
    (tmp_path / "c.txt").write_bytes(b"\xff\xfa\n")
    assert len(inspect_corpus(tmp_path, TOKENIZER, MaskedWordsDataConfig(), tmp_path / "cache").bad) == 1


def test_memory_does_not_grow_with_the_text(tmp_path):
    def peak(lines):
        (tmp_path / "c.txt").write_text("the quick brown fox jumps over the lazy dog\n" * lines)
        tracemalloc.start()
        inspect_corpus(tmp_path, None, MaskedWordsDataConfig(), tmp_path / "cache")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(48_000) < 1.3 * peak(12_000)  # blocks of 256 KiB


@pytest.mark.parametrize(
    "name, text, plain",
    [
        ("a.txt", "Ann, who ran; slept.\n\nBen.\n", True),
        ("a.txt", "text\tlabel\nAnn ran\ta\n", False),
        ("a.tsv", "Ann ran\n", False),
        ("a.json", '{"data": []}', False),
    ],
)
def test_plain_text_is_known_by_its_name_and_its_first_line(name, text, plain, tmp_path):
    (tmp_path / name).write_text(text)
    assert looks_like_text(sample_of(tmp_path / name)) == plain
