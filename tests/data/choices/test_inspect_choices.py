"""The report on questions with choices, counted by hand, and what is taken for a file of them."""

import json
from pathlib import Path

import pytest

from tasklab.data.choices.inspect import Favoured, inspect_choices
from tasklab.data.choices.layouts import offers_choices
from tasklab.data.choices.reading import ChoiceDataConfig
from tasklab.data.files.sample import sample_of
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


def row(answer, choices=("berlin", "paris"), question="what is old", context="berlin is old"):
    return {"context": context, "question": question, "choices": choices, "answer": answer}


def write(path, *rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.fixture
def report(tmp_path):
    train = write(
        tmp_path / "train.jsonl",
        row("berlin"), row("Berlin", ("paris", "Berlin")), row("paris"),
        row("d", ("b", "c", "d"), "who", "b c d e f g h j k l"), row("rome"),
    )  # fmt: skip
    return inspect_choices(train, ChoiceDataConfig(max_seq_length=12), True, TOKENIZER)


def test_questions_choices_and_right_places_are_counted(report):
    assert (len(report.examples), report.contexts) == (4, 2)
    assert report.choices == {2: 3, 3: 1} and report.places == {0: 1, 1: 2, 2: 1}
    assert [file.bad.counts for file in report.files] == [{"answer not among the choices": 1}]


def test_the_order_of_the_choices_makes_no_other_question(report):
    assert (report.duplicates.count, report.contradictions.count) == (1, 1)
    assert report.duplicates.first[0].endswith("train.jsonl:2 as :1")
    assert report.contradictions.first[0].endswith("train.jsonl:3 as :1: 'paris', 'berlin'")


def test_lengths_are_those_of_all_sequences(report):
    assert report.lengths == {"context": (3, 3, 10, 10, 10), "question": (1, 3, 3, 3, 3), "choice": (1,) * 5}
    # [CLS] 3 [SEP] 3 [SEP] 1 [SEP] = 11 tokens, twice in each of three rows; 1 + 10 + 1 + 1 + 1 + 1 + 1 cut to 12
    assert (report.sizes.rows, report.sizes.sequences, report.sizes.tokens) == (4, 3, 3 * 2 * 11 + 3 * 12)
    assert report.sizes.lengths == (11, 11, 12, 12, 12) and report.cut_contexts == 1
    assert report.sizes.padding == pytest.approx(1 - 102 / (4 * 3 * 12))  # a missing choice is padding too


def test_questions_that_leave_no_room_are_told_with_the_length_that_would(tmp_path):
    path = write(tmp_path / "train.jsonl", row("berlin"))
    report = inspect_choices(path, ChoiceDataConfig(max_seq_length=8), True, TOKENIZER)
    assert report.sizes is None and report.no_room.endswith("needs data.max_seq_length=9 or more")


@pytest.mark.parametrize(
    "first, of, expected",
    [
        (12, 12, Favoured(0, 1.0, 0.5)),  # 6 above chance; three deviations are 3 * sqrt(12 / 4) = 5.2
        (8, 12, None),
        (60, 100, None),  # 10 above chance, three deviations are 15
        (0, 100, Favoured(1, 1.0, 0.5)),
    ],
)
def test_a_place_is_favoured_when_chance_does_not_explain_it(first, of, expected, tmp_path):
    rows = [row("berlin" if i < first else "paris", question=str(i)) for i in range(of)]
    assert inspect_choices(write(tmp_path / "t.jsonl", *rows), ChoiceDataConfig(), True, None).favoured == expected


@pytest.mark.parametrize(
    "name, text, offered",
    [
        ("a.json", '[[["W: Hi."], [{"question": "Who?", "choice": ["W", "M"], "answer": "W"}], "1"]]', True),
        ("a.jsonl", '{"article": "", "questions": [""], "options": [[]], "answers": ["A"]}\n', True),
        ("a.csv", "sent1,sent2,ending0,ending1,label\n", True),
        ("a.tsv", "question\tA\tB\tanswer\n", True),
        ("a.tsv", "question\tanswer\tlabel\n", False),
        ("a.tsv", "text\tA\tB\n", False),
        ("a.json", '[{"text": "the fox", "label": "a"}]', False),
        ("a.json", '[["the fox", "a"]]', False),
        ("a.json", '{"data": []}', False),
        ("a.json", '{"data": [', False),
    ],
)
def test_files_with_choices_are_known_by_their_beginning(name, text, offered, tmp_path):
    (tmp_path / name).write_text(text)
    assert offers_choices(sample_of(tmp_path / name)) == offered
