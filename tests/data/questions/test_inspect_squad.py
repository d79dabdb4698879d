"""The report on question answering data, counted by hand on a small set and against the README of real ones."""

import json
from pathlib import Path

import pytest

from tasklab.data.questions.inspect import inspect_squad
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")
SHARED = Path(__file__).parents[3].parent / "shared/data"


def qa(identity, question, text, start):
    return {"id": identity, "question": question, "answers": [{"text": text, "answer_start": start}]}


def write(path, *paragraphs):
    rows = [{"context": context, "qas": questions} for context, questions in paragraphs]
    path.write_text(json.dumps({"data": [{"paragraphs": rows}]}))
    return path


@pytest.fixture
def report(tmp_path):
    train = write(
        tmp_path / "train.json",
        ("Berlin is a city", [
            qa("1", "what", "Berlin", 0), qa("2", " What ", "berlin", 9), qa("3", "what", "Berlin", 0),
            qa("4", "WHAT", "a city", 10), qa("5", "", "Berlin", 0),
        ]),
        ("a b c d e f g h i j", [qa("6", "who", "c", 4), qa("7", "who what", "a b c d e f g", 0)]),
    )  # fmt: skip
    dev = write(
        tmp_path / "dev.json",
        ("berlin  is a city", [qa("1", "what", "Berlin", 3), qa("2", "who", "berlin", 0)]),
        ("paris", [qa("3", "what", "paris", 0)]),
    )
    return inspect_squad(train, dev, TOKENIZER, max_seq_length=10, doc_stride=3, max_query_length=1)


def test_rows_and_bad_rows_are_counted(report):
    train = report.train
    assert (train.questions, train.contexts, train.answers, train.impossible) == (5, 2, 5, 0)
    assert train.bad.counts == {"misaligned answer": 1, "empty question": 1}
    assert "(id 2)" in train.bad.first[0].message and "(id 5)" in train.bad.first[1].message
    assert (report.dev.questions, report.dev.unaligned_references) == (3, 1)
    assert not report.sound


def test_duplicates_and_contradictions_are_named(report):
    # 3 and 4 ask what 1 asks; 4 gives another answer
    assert (report.train.duplicates.count, report.train.contradictions.count) == (2, 1)
    assert report.train.contradictions.first[0].endswith(
        "train.json: data[0].paragraphs[0].qas[3] as data[0].paragraphs[0].qas[0]"
    )


def test_leaks_between_the_files_are_found_whatever_blanks_and_case(report):
    assert (report.leaked_questions.count, report.leaked_contexts.count) == (1, 1)
    assert report.leaked_questions.first[0].endswith("dev.json: data[0].paragraphs[0].qas[0]")


def test_lengths_windows_and_losses(report):
    train = report.train
    assert train.context_tokens == (4, 4, 10, 10, 10)  # of 4 and 10 tokens
    # a window holds 10 - 1 - 3 = 6 tokens: 10 tokens need windows at 0, 3, 6 -> 3 windows for 2 questions, 1 for 3
    assert train.sizes.rows == 3 * 1 + 2 * 3
    assert train.long_questions == pytest.approx(2 / 5)
    assert train.lost_answers == pytest.approx(1 / 5)  # 7 tokens fit no window of 6
    assert train.truncated_questions == 1
    # rows of 4 + 4 = 8 (three times), 10, 10 and 8 (the last window holds 4), twice
    assert train.sizes.lengths == (8, 8, 10, 10, 10)
    assert train.sizes.planned_lengths == (10,)
    assert train.sizes.padding == pytest.approx(1 - (3 * 8 + 2 * 28) / 90)


def test_one_file_alone_can_be_inspected(tmp_path):
    write(tmp_path / "dev.json", ("paris", [qa("3", "what", "paris", 0)]))
    report = inspect_squad(None, tmp_path, TOKENIZER)
    assert report.train is None and report.sound and report.dev.file.endswith("dev.json")


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data sets")
def test_real_files_show_what_their_readme_says():
    tokenizer = WordPiece(SHARED / "vocab/google_uncased_en_vocab.txt")
    report = inspect_squad(SHARED / "squad_v2/dev_part.json", SHARED / "squad_v1.1/dev.json", tokenizer)
    assert report.leaked_contexts.count == 148  # "all 148 contexts also occur in squad_v1.1/dev.json"
    assert (report.train.questions, report.train.impossible) == (1160, 579)
    report = inspect_squad(SHARED / "squad_v1.1", SHARED / "squad_v1.1", tokenizer)
    assert (report.train.questions, report.dev.answers, report.leaked_contexts.count) == (11877, 16948, 0)
    assert report.train.contexts == 2429  # 2,430 paragraphs, one context appears twice
    assert report.train.sizes.padding < 0.25
