"""What of a text was read, by hand and on windows of random texts."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasklab.data.extraction.coverage import Coverage
from tasklab.data.extraction.example import PromptExample
from tasklab.data.extraction.readings import Reading, readings_of
from tasklab.data.extraction.windows import prompt_windows
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


def covered(text, *readings, prompt="x", **more):
    coverage = Coverage(text)
    for characters, windows in readings:
        shown = np.array(characters, np.int64).reshape(-1, 2)
        coverage.add(PromptExample("0", text, prompt, **more), Reading(np.zeros((2, len(shown))), shown, windows))
    return coverage


def test_blanks_need_not_be_read_and_a_window_that_never_came_shows():
    assert covered("ab cd", ([[0, 2], [3, 5]], 1)).unread == []
    # of five characters "d" and "e" had windows that were never run: their tokens stand at 0, 0
    assert covered("abcde", ([[0, 1], [1, 3], [0, 0], [0, 0]], 2)).unread == [[3, 5]]


def test_a_character_counts_where_every_prompt_has_read_it():
    coverage = covered("abc", ([[0, 3]], 1), ([[0, 2]], 3))
    assert (coverage.unread, coverage.windows) == ([[2, 3]], 3)


def test_options_read_nothing_of_the_text():
    assert covered("abc", ([[-5, -4]], 2), prompt="x[a,b]", options=True).unread is None


def outputs(table, rows):
    shape = len(rows), max(len(table.row(row)["input_ids"]) for row in rows)
    return np.array(rows), (np.zeros(shape), np.zeros(shape))


@given(st.text(max_size=120), st.integers(20, 40), st.integers(4, 12))
@settings(max_examples=60, deadline=None)
def test_all_that_the_tokenizer_keeps_is_read_whatever_the_windows(text, length, stride):
    example = PromptExample("0", text, "city")
    table = prompt_windows(TOKENIZER, [example], length, stride, 8)
    (reading,) = readings_of([outputs(table, [row]) for row in reversed(range(len(table)))], table, 1)
    coverage = Coverage(text)
    coverage.add(example, reading)
    ((_, offsets),) = TOKENIZER.encode_batch([text])
    kept = np.zeros(len(text), bool)
    for start, end in np.asarray(offsets).reshape(-1, 2):
        kept[start:end] = True
    dropped = {at for at, character in enumerate(text) if not kept[at] and not character.isspace()}
    assert {at for start, end in coverage.unread for at in range(start, end)} == dropped
    assert coverage.windows == len(table)
