"""Inputs of a prediction whose end no row holds are told."""

from types import SimpleNamespace

import pytest

from tasklab.config import Config, DataConfig
from tasklab.task import Task


class Stub(Task):
    """Rows are nothing but their counts."""

    def encode(self, examples, training):
        return SimpleNamespace(info=examples)

    def decode(self, outputs, rows, examples, top_k=None):
        return []

    read = parse = score = baselines = None


@pytest.mark.parametrize(
    "info, told",
    [
        ({"cut_rows": 2, "long_sentences": 1, "cut_contexts": 0},
         ["inputs: 2 cut rows, of which the rest is not read; tokens: data.max_seq_length 16"]),
        ({"cut_rows": 0, "long_sentences": 1}, []),
    ],
)  # fmt: skip
def test_what_is_cut_is_told_with_the_length_that_there_is(info, told, caplog):
    task = Stub(Config(data=DataConfig(max_seq_length=16)), None)
    task.answer(info, lambda rows: ())
    assert [record.message for record in caplog.records] == told
    task.answer(info, lambda rows: (), rows=SimpleNamespace(info=info))  # of an evaluation, whose log has it already
    assert len(caplog.records) == len(told)
