"""Rows with and without an answer: what an epoch has of them, and that epochs differ."""

from pathlib import Path

import numpy as np
import pytest

from tasklab.data.extraction.balanced import BalancedRows
from tasklab.data.extraction.example import Mention, PromptExample
from tasklab.data.extraction.windows import prompt_windows
from tasklab.text.wordpiece import WordPiece

TOKENIZER = WordPiece(Path(__file__).parents[2] / "fixtures/tiny_wordpiece_vocab.txt")


@pytest.fixture(scope="module")
def table():
    """Two of twelve have an answer; row i has i words behind the fox."""
    texts = ["the fox" + " is" * i for i in range(12)]
    answers = [(Mention(4, 7, "fox"),) if i in (3, 8) else () for i in range(12)]
    examples = [PromptExample("0", text, "city", found) for text, found in zip(texts, answers, strict=True)]
    return prompt_windows(TOKENIZER, examples, 64, 16, 8)


def test_an_epoch_has_every_answer_and_so_many_others_of_each_length(table):
    rows = BalancedRows(table, 2, seed=1)
    assert len(rows) == 2 + 4
    # the ten others by length: 0 1 | 2 4 5 | 6 7 | 9 10 11, edges 0 2 5 7 10
    groups = [{0, 1}, {2, 4, 5}, {6, 7}, {9, 10, 11}]
    seen = [set() for _ in groups]
    for epoch in range(40):
        numbers = rows.of_epoch(epoch).numbers.tolist()
        assert numbers[:2] == [3, 8] and all(n in group for n, group in zip(numbers[2:], groups, strict=True))
        for own, number in zip(seen, numbers[2:], strict=True):
            own.add(number)
    assert seen == groups  # in time every row comes
    assert (rows.of_epoch(5).numbers == rows.of_epoch(5).numbers).all()
    assert rows.of_epoch(5).digest() == rows.of_epoch(5).digest() != rows.of_epoch(6).digest()


def test_a_batch_is_that_of_the_rows_and_never_longer_than_told(table):
    rows = BalancedRows(table, 2, seed=1).of_epoch(3)
    size = table.lengths["input"]
    assert (size[rows.numbers] <= rows.lengths["input"]).all()
    batch = rows.batch(np.array([0, 4]), {"input": 32}, 2)
    want = table.batch(rows.numbers[[0, 4]], {"input": 32}, 2)
    assert batch.keys() == want.keys() and all((batch[name] == want[name]).all() for name in want)


@pytest.mark.parametrize("ratio, count", [(100, 12), (0.5, 3), (0.001, 3)])
def test_more_than_there_are_is_all_and_one_at_least_stays(table, ratio, count):
    assert len(BalancedRows(table, ratio, seed=1)) == count
    assert len(set(BalancedRows(table, ratio, seed=1).numbers.tolist())) == count


def test_a_file_without_an_unanswered_line_is_left_as_it_is(table):
    rows = BalancedRows(table.select([3, 8]), 2, seed=1)
    # [CLS] city [SEP] the fox, three times "is", [SEP]
    assert len(rows) == 2 and rows.numbers.tolist() == [0, 1] and rows.lengths["input"].tolist() == [9, 14]
