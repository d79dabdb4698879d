"""Sums of log-probabilities per example, over packed rows, and the tokens before what is asked for."""

import numpy as np

from tasklab.data.generation.examples import Chat, Message, Passage
from tasklab.data.generation.packing import generation_rows
from tasklab.data.generation.scores import asked_for, sums_by_example
from tasklab.data.generation.tokens import Framing
from tests.data.generation.letters import Letters

FRAMING = Framing(Letters(), 50, 51)
EXAMPLES = [
    Passage("0", "ab"),
    Chat("1", (Message("user", "c"), Message("assistant", "de")), True),
    Passage("2", "fghijk"),
]


def test_each_example_gets_the_sum_over_its_own_targets_wherever_they_lie():
    # rows of 5: <50>ab and, of the longest, <50>fghi and jk; the chat alone: <50>c|de, of which 3 tokens are asked for
    rows = generation_rows(EXAMPLES, FRAMING.encode(EXAMPLES), 5)
    numbers = np.arange(len(rows))[::-1]
    logs = np.full((len(rows), 5), -2.0)  # also where nothing is asked for: not counted
    sums = sums_by_example([(numbers, (logs,))], rows, 3)
    assert sums.tolist() == [[-6.0, 3, 2, 2, 1], [-6.0, 3, 2, 2, 1], [-14.0, 7, 6, 6, 1]]


def test_two_tokens_before_a_target_never_reach_into_another_document():
    rows = generation_rows(EXAMPLES[:2], FRAMING.encode(EXAMPLES[:2]), 16)
    contexts, targets, at = asked_for(rows, 200)
    assert targets.tolist() == [1, 2, 51, 4, 5, 51]
    assert contexts.tolist() == [[200, 50], [50, 1], [1, 2], [3, 99], [99, 4], [4, 5]]
    assert rows["target_ids"].values[at].tolist() == targets.tolist()
