"""Losses of tags: cross entropy per token, and the CRF against the sum over all paths in float64."""

import itertools

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab.nn.heads import crf
from tasklab.nn.heads.crf import CRF, CRFLoss
from tasklab.nn.heads.tagging import TokenHead
from tasklab.nn.losses.tokens import TokenLoss

B, S, C = 4, 7, 3


def path_loss(logits, moves, tags) -> float:
    """-log p(tags), by adding up every path."""

    def value(path):
        pairs = sum(moves[a, b] for a, b in itertools.pairwise(path))
        return logits[range(len(path)), path].sum() + pairs + moves[C, path[0]] + moves[C + 1, path[-1]]

    paths = itertools.product(range(C), repeat=len(logits))
    return np.logaddexp.reduce([value(path) for path in paths]) - value(tuple(tags))


@pytest.fixture(params=["numpy", "operators"], autouse=True)
def paths(request, monkeypatch):
    """Each way to add up the paths in turn; the second one is for accelerators."""
    monkeypatch.setattr(crf, "runs_numpy", lambda: request.param == "numpy")


@pytest.fixture
def chain(rng):
    """Logits, moves and labels; tags have gaps between them, the last row has none at all."""
    labels = rng.integers(0, C + 1, (B, S)).astype(np.int32)
    labels[0], labels[3] = [1, 2, 3, 3, 2, 1, 1], 0
    logits, moves = rng.normal(0, 3, (B, S, C)), rng.normal(0, 2, (C + 2, C))
    expected = [path_loss(e[y > 0], moves, y[y > 0] - 1) if y.any() else 0 for e, y in zip(logits, labels, strict=True)]
    return logits.astype(np.float32), np.tile(moves, (B, 1, 1)).astype(np.float32), labels, np.array(expected)


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
def test_the_chain_loss_is_that_of_all_paths(chain, run, mode):
    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        logits, moves, labels, expected = chain
        weight = np.array([1, 0.5, 2, 1], np.float32)
        total, count = run(CRFLoss(C), logits, moves, labels, weight)
        assert total == pytest.approx((expected * weight).sum(), rel=1e-5)
        assert count == 3.5  # a row without a tag says nothing
    finally:
        ms.set_context(mode=before)


def test_what_has_no_tag_changes_nothing(chain, run):
    logits, moves, labels, _ = chain
    ones = np.ones(B, np.float32)
    before = run(CRFLoss(C), logits, moves, labels, ones)[0]
    changed = np.where(labels[..., None] > 0, logits, 50).astype(np.float32)
    longer = [np.concatenate([a, np.zeros_like(a[:, :3])], axis=1) for a in (changed, labels)]
    assert run(CRFLoss(C), longer[0], moves, longer[1], ones)[0] == pytest.approx(before, rel=1e-5)


def test_the_chain_s_gradient_is_that_of_all_paths(chain):
    logits, moves, labels, _ = chain
    logits, labels, ones = logits[:1, :3], labels[:1, :3], Tensor(np.ones(1, np.float32))
    gradient = ms.grad(CRFLoss(C), (0, 1), has_aux=True)(Tensor(logits), Tensor(moves[:1]), Tensor(labels), ones)[0]
    for part, (array, grad) in enumerate(zip((logits[0], moves[0]), gradient, strict=True)):
        for cell in np.ndindex(array.shape):
            sides = []
            for step in (1e-4, -1e-4):
                both = [logits[0].astype(np.float64), moves[0].astype(np.float64)]
                both[part][cell] += step
                sides.append(path_loss(*both, labels[0] - 1))
            assert grad.asnumpy()[0][cell] == pytest.approx((sides[0] - sides[1]) / 2e-4, abs=1e-4)


def test_a_long_row_of_large_scores_stays_finite(rng, run):
    logits = rng.normal(0, 8, (1, 129, C)).astype(np.float32)  # an odd number of tokens, too
    labels = rng.integers(1, C + 1, (1, 129)).astype(np.int32)
    moves = rng.normal(0, 3, (1, C + 2, C)).astype(np.float32)
    alpha = moves[0, C] + logits[0, 0].astype(np.float64)
    for row in logits[0, 1:]:
        alpha = np.logaddexp.reduce(alpha[:, None] + moves[0, :C], axis=0) + row
    tags = labels[0] - 1
    gold = logits[0, range(129), tags].sum() + moves[0, tags[:-1], tags[1:]].sum() + moves[0, C, tags[0]]
    expected = np.logaddexp.reduce(alpha + moves[0, C + 1]) - gold - moves[0, C + 1, tags[-1]]
    assert run(CRFLoss(C), logits, moves, labels, np.ones(1, np.float32))[0] == pytest.approx(expected, rel=1e-4)


def test_token_loss_is_the_mean_over_tagged_tokens(rng, run):
    logits = rng.normal(size=(2, 3, C)).astype(np.float32)
    labels, weight = np.array([[0, 1, 3], [2, 0, 0]], np.int32), np.array([1, 0], np.float32)
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    total, count = run(TokenLoss(), logits, labels, weight)
    assert total == pytest.approx(-(log_probs[0, 1, 0] + log_probs[0, 2, 2]), rel=1e-5) and count == 2


def test_the_chain_s_weights_go_by_the_names_of_uer():
    names = {p.name for p in TokenHead(8, C, 0.1, crf=True).get_parameters()}
    assert names == {
        "classifier.weight", "classifier.bias", "crf.transitions", "crf.start_transitions", "crf.end_transitions",
    }  # fmt: skip
    assert CRF(C)(2).shape == (2, C + 2, C)
