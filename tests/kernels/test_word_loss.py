"""Log-probabilities by blocks of the vocabulary against float64 NumPy, and what may not change their bits."""

import resource

import numpy as np
import pytest

from tasklab import kernels

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

import mindspore as ms  # noqa: E402
from mindspore import Parameter, Tensor, nn, ops  # noqa: E402

from tasklab.kernels import build  # noqa: E402
from tasklab.kernels.word_loss import WordLoss  # noqa: E402


def oracle(hidden, table, targets, d=None, dmean=None):
    """log-probability and mean [T]; with their gradients d and dmean [T] also those of hidden and table."""
    hidden, table = hidden.astype(np.float64), table.astype(np.float64)
    rows = np.flatnonzero(targets >= 0)
    logits = hidden[rows] @ table.T
    logs = logits - logits.max(1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(1, keepdims=True))
    found, mean = np.zeros(len(targets)), np.zeros(len(targets))
    found[rows], mean[rows] = logs[np.arange(len(rows)), targets[rows]], logs.mean(1)
    if d is None:
        return found, mean
    one, V = np.eye(len(table))[targets[rows]], len(table)
    by_logits = d[rows, None] * (one - np.exp(logs)) + dmean[rows, None] * (1 / V - np.exp(logs))
    dhidden = np.zeros_like(hidden)
    dhidden[rows] = by_logits @ table
    return found, mean, dhidden, by_logits.T @ hidden[rows]


def case(T, V, H, seed=0, asked=0.6, alike=False):
    """alike: every row counts as much as the others, as in a mean."""
    random = np.random.default_rng(seed)
    hidden, table = (random.standard_normal(s).astype(np.float32) for s in ((T, H), (V, H)))
    targets = np.where(random.random(T) < asked, random.integers(0, V, T), -1).astype(np.int32)
    d, dmean = (random.standard_normal(1 if alike else T).astype(np.float32) * np.ones(T, np.float32) for _ in range(2))
    return hidden, table / np.float32(np.sqrt(H)), targets, d, dmean


def values_and_gradients(hidden, table, targets, d, dmean, jit=False, **settings):
    """log-probability, mean, d hidden, d table (None if frozen)."""
    loss, table = WordLoss(**settings).set_train(), Parameter(Tensor(table), name="table")
    by_target, by_mean = Tensor(d), Tensor(dmean)

    def scalar(hidden, targets):
        found = loss(hidden, table, targets)
        return (found[0] * by_target).sum() + (found[1] * by_mean).sum(), found[0], found[1]

    weights = None if settings.get("frozen") else [table]
    both = ms.value_and_grad(scalar, 0, weights, has_aux=True)
    (_, found, mean), grads = (ms.jit(both) if jit else both)(Tensor(hidden), Tensor(targets))
    dhidden, dtable = (grads, None) if weights is None else (grads[0], grads[1][0].asnumpy())
    return found.asnumpy(), mean.asnumpy(), dhidden.asnumpy(), dtable


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("T,V,H", [(1, 1, 1), (7, 5, 3), (40, 513, 17), (300, 4500, 24), (900, 700, 9)])
def test_values_and_gradients_equal_float64(T, V, H, alike):
    arrays = case(T, V, H, alike=alike)
    for got, want in zip(values_and_gradients(*arrays), oracle(*arrays), strict=True):
        np.testing.assert_allclose(got, want, atol=2e-5 * max(1, np.abs(want).max()))


def test_it_equals_a_stock_log_softmax():
    hidden, table, targets, d, dmean = case(30, 700, 16, asked=1)

    def stock(hidden, table):
        logs = nn.LogSoftmax()(ops.matmul(hidden, table.swapaxes(0, 1)))
        found = ops.gather_elements(logs, 1, Tensor(targets[:, None]))[:, 0]
        return (found * Tensor(d)).sum() + (logs.mean(1) * Tensor(dmean)).sum()

    dhidden, dtable = ms.grad(stock, (0, 1))(Tensor(hidden), Tensor(table))
    got = values_and_gradients(hidden, table, targets, d, dmean)
    np.testing.assert_allclose(got[2], dhidden.asnumpy(), atol=1e-5)
    np.testing.assert_allclose(got[3], dtable.asnumpy(), atol=1e-5)


@pytest.mark.parametrize("alike", [True, False])
def test_graph_mode_threads_and_rows_without_target_change_no_bit(alike):
    hidden, table, targets, d, dmean = case(900, 5000, 20, alike=alike)
    first = values_and_gradients(hidden, table, targets, d, dmean)
    again = [values_and_gradients(hidden, table, targets, d, dmean, jit=True)]
    hidden = np.where(targets[:, None] < 0, np.float32(np.nan), hidden)
    try:
        for threads in range(1, 5):
            build.library().tasklab_set_threads(threads)
            again.append(values_and_gradients(hidden, table, targets, d, dmean))
    finally:
        build.library().tasklab_set_threads(build.thread_count())
    for result in again:
        assert all(np.array_equal(a, b) for a, b in zip(result, first, strict=True))


@pytest.mark.parametrize("jit", [False, True])
def test_a_frozen_table_leaves_the_rest_as_it_is(jit):
    arrays = case(20, 600, 8, alike=True)
    whole, frozen = values_and_gradients(*arrays), values_and_gradients(*arrays, jit=jit, frozen=True)
    assert all(np.array_equal(a, b) for a, b in zip(frozen[:3], whole[:3], strict=True))


def test_training_and_scoring_tell_the_same_bits():
    hidden, table, targets, d, dmean = case(900, 5000, 20)
    trained = values_and_gradients(hidden, table, targets, d, dmean)[:2]
    scored = WordLoss()(Tensor(hidden), Tensor(table), Tensor(targets))
    assert all(np.array_equal(a, b.asnumpy()) for a, b in zip(trained, scored, strict=True))


@pytest.mark.parametrize("jit", [False, True])
def test_a_table_used_twice_has_the_gradients_of_both(jit):
    hidden, table, targets, d, _ = case(20, 600, 8, alike=True)
    loss, word, rows = WordLoss().set_train(), Parameter(Tensor(table), name="table"), Tensor(np.arange(20) * 2)

    def scalar(hidden):
        return (loss(hidden + word[rows], word, Tensor(targets))[0] * Tensor(d)).sum()

    gradient = ms.grad(scalar, None, [word])
    got = (ms.jit(gradient) if jit else gradient)(Tensor(hidden))[0].asnumpy()
    want = oracle(hidden + table[:40:2], table, targets, d, np.zeros_like(d))
    want[3][:40:2] += want[2]
    np.testing.assert_allclose(got, want[3], atol=2e-5)


def test_a_frozen_table_needs_no_rows_that_count_alike():
    arrays = case(600, 700, 8)
    got, want = values_and_gradients(*arrays, frozen=True), oracle(*arrays)
    np.testing.assert_allclose(got[2], want[2], atol=2e-5)


def test_no_target_at_all_gives_zeros():
    hidden, table, targets, d, dmean = case(5, 40, 8, asked=0)
    assert not any(result.any() for result in values_and_gradients(hidden, table, targets, d, dmean))


def test_scores_far_apart_stay_finite():
    # scores 0 and 1000: the log-probabilities are -1000 and 0 to float32
    table, hidden = np.array([[0.0], [1000.0]], np.float32), np.ones((2, 1), np.float32)
    found = WordLoss()(Tensor(hidden), Tensor(table), Tensor([0, 1], ms.int32))[0]
    np.testing.assert_allclose(found.asnumpy(), [-1000, 0])


def test_a_word_beyond_the_vocabulary_is_told_in_one_line(capfd):
    hidden, table, targets, _, _ = case(3, 40, 8)
    targets[1] = 40
    with pytest.raises(RuntimeError, match="TasklabWords"):
        WordLoss()(Tensor(hidden), Tensor(table), Tensor(targets))[0].asnumpy()
    assert "TasklabWords: target 40 is no word of a vocabulary of 40\n" in capfd.readouterr().err


@pytest.mark.skipif(not kernels.bf16(), reason="this processor has no bfloat16 products")
def test_bf16_products_stay_within_their_rounding_of_float64():
    arrays = case(300, 4500, 64)
    for got, want in zip(values_and_gradients(*arrays, bfloat16=True), oracle(*arrays), strict=True):
        assert 1e-5 * np.linalg.norm(want) <= np.linalg.norm(got - want) <= 0.01 * np.linalg.norm(want)


@pytest.mark.slow
def test_the_logits_are_never_in_memory():
    # 4096 x 50,000 logits are 819 MB; hidden, table and their gradients are 26 MB
    arrays = case(4096, 50_000, 32, asked=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    values_and_gradients(*arrays)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kB
