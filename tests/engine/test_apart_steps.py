"""Rows that share a text in a run: never in one step, each once in an epoch, and the same ones after a resume."""

import logging

import numpy as np

from tasklab.data.rows.apart import apart_column
from tasklab.data.rows.features import FeatureTable
from tasklab.engine.epochs import Fixed
from tasklab.runs.state import read_training_state
from tasklab.weights.folder import read_weights
from tasklab.weights.loading import load_into

TEXTS = list("aabbbcdefgaabb")


def kept_apart(table):
    return Fixed(FeatureTable({**table.ragged, "apart": apart_column(TEXTS, 1)}, table.dense))


OPTIONS = dict(lengths=(3, 5) * 7, epochs=kept_apart, train__batch_size=4, train__epochs=3, train__eval_strategy="no")


def test_a_run_learns_from_every_row_once_an_epoch_and_says_how_many_waited(job, caplog):
    with caplog.at_level(logging.INFO, "tasklab"):
        loop = job(**OPTIONS)
    assert "of 14 rows wait for another step of the first epoch than the one drawn for them" in caplog.text
    assert loop.state.total_steps == sum(len(loop.order.steps(epoch)) for epoch in range(3))
    loop.train()
    assert loop.state.epoch == 3 and loop.state.step_in_epoch == 0
    for epoch in range(3):
        rows = [[int(row) for batch in step for row in batch.rows] for step in loop.order.steps(epoch)]
        assert sorted(sum(rows, [])) == list(range(14))
        assert all(len({TEXTS[row] for row in step}) == len(step) for step in rows)


def test_a_resume_repeats_the_run_to_the_bit(job, weights):
    options = dict(**OPTIONS, train__save_steps=5, train__save_total_limit=None)
    whole = job("whole", **options)
    whole.train()
    resumed = job("cut", **options)
    folder = whole.run.path / "checkpoint-5"
    load_into(resumed.network, read_weights(folder), "strict", "cut")
    resumed.restore(*read_training_state(folder))
    resumed.train()
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(resumed)[name], value)
