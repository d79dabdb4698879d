"""Outputs and scores do not depend on how the rows were batched."""

import numpy as np
import pytest

from tasklab.data.rows.features import FeatureTable
from tasklab.engine.evaluate import Evaluator
from tasklab.engine.runner import NetworkRunner, padded_rows, planned, serving_lengths
from tasklab.engine.step import CompileLog

LENGTHS = (3, 20, 7, 16, 17, 1, 9)


def one_length(rows, config):
    return {"input": (config.data.max_seq_length,)}


def outputs(task, settings, table, size, order=None, plan=planned):
    job = task(settings(evaluate__batch_size=size))
    features = table(LENGTHS)
    features = features if order is None else features.select(order)
    found = np.full((len(features), 3), np.nan, np.float32)
    batches = list(NetworkRunner(job.network(), job.config, CompileLog(), plan)(features))  # all kept until the end
    for rows, (logits,) in batches:
        assert np.isnan(found[rows]).all()
        found[rows] = logits
    return found


@pytest.fixture
def reference(task, settings, table):
    """Logits by hand: mean of the word vectors, times the weights."""
    network, features = task(settings()).network(), table(LENGTHS)
    words, weight = (p.asnumpy() for p in (network.table, network.output.weight))
    means = np.stack([words[features["input_ids"].row(i)].mean(axis=0) for i in range(len(LENGTHS))])
    return means @ weight.T + network.output.bias.asnumpy()


@pytest.mark.parametrize("size, plan", [(1, one_length), (3, planned), (32, planned)])
def test_outputs_do_not_depend_on_the_batch_size(task, settings, table, reference, size, plan):
    np.testing.assert_allclose(outputs(task, settings, table, size, None, plan), reference, atol=1e-5)


def test_outputs_do_not_depend_on_the_order_of_the_rows(task, settings, table, reference):
    order = [4, 2, 6, 0, 5, 3, 1]
    np.testing.assert_allclose(outputs(task, settings, table, 3, order), reference[order], atol=1e-5)


def runner_of(job):
    return NetworkRunner(job.network(), job.config, CompileLog(), planned)


def test_scores_count_every_example_once(task, settings, table, reference):
    job, features = task(settings(evaluate__batch_size=4)), table(LENGTHS)
    labels = [0, 1, 2, 0, 1, 2, 0]
    hits = sum(int(row.argmax()) == label for row, label in zip(reference, labels, strict=True))
    found = Evaluator(job, runner_of(job), features, labels)()
    assert found["accuracy"] == pytest.approx(100 * hits / 7)


def test_the_loss_is_the_mean_over_all_rows(task, settings, table, reference):
    job, features = task(settings(evaluate__batch_size=4)), table(LENGTHS)
    labels = features["labels"]
    log_probs = reference - np.log(np.exp(reference).sum(axis=1, keepdims=True))
    found = Evaluator(job, runner_of(job), features, labels.tolist())()
    assert found["loss"] == pytest.approx(-log_probs[np.arange(7), labels].mean(), abs=1e-5)


def test_rows_without_labels_have_no_loss(task, settings, table):
    job, features = task(settings()), table(LENGTHS)
    features = FeatureTable(features.ragged, {})
    assert Evaluator(job, runner_of(job), features, [0] * 7)().keys() == {"accuracy"}


def test_short_runs_use_batches_of_powers_of_two():
    assert [padded_rows(count, 32) for count in (1, 2, 3, 5, 31, 32, 1000)] == [1, 2, 4, 8, 32, 32, 32]
    assert padded_rows(11, 12) == 12  # never more than the batch size


def test_serving_lengths_end_with_the_first_that_holds_the_row():
    assert serving_lengths(10, 384) == (16,)
    assert serving_lengths(16, 384) == (16,)
    assert serving_lengths(17, 384) == (16, 32)
    assert serving_lengths(100, 384) == (16, 32, 64, 128)
    assert serving_lengths(300, 384) == (16, 32, 64, 128, 256, 384)
    assert serving_lengths(40, 48) == (16, 32, 48)
