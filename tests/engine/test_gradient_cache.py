"""Gradients from cached vectors against those of one big batch."""

import mindspore as ms
import numpy as np
import pytest
import word_average
from mindspore import nn, ops
from word_average import CLASSES, VOCAB, MeanOfWords

from tasklab.engine.gradient_cache import GradientCache
from tasklab.engine.step import CompileLog, GradientStep
from tasklab.errors import ConfigError
from tasklab.nn.init import initialize


class NearestOfBatch(nn.Cell):
    """Each row's vector is to be nearest to that of the row with the next label: all rows take part in every loss."""

    labels = ("labels",)
    over_batch = True

    def construct(self, vectors, labels, sample_weight):
        scores = ops.matmul(vectors, vectors.T) - 1e4 * (1 - sample_weight)  # [B, B]
        right = (labels[:, None] + 1) % CLASSES == labels[None, :]
        gained = ops.log_softmax(scores, -1) * right.astype(ms.float32) * sample_weight  # [B, B]
        return -(gained.sum(axis=1) * sample_weight).sum(), sample_weight.sum()


def step_of(dropout=0.0) -> GradientStep:
    network = MeanOfWords(dropout)
    initialize(network, 3, 0.5)
    return GradientStep(network, NearestOfBatch(), CompileLog())


def batch_of(rows: int, fillers: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(rows)
    ids = random.integers(1, VOCAB, (rows, 6)).astype(np.int32)
    return {
        "input_ids": ids, "attention_mask": np.ones_like(ids), "labels": (ids[:, 0] % CLASSES).astype(np.int32),
        "sample_weight": (np.arange(rows) < rows - fillers).astype(np.float32),
    }  # fmt: skip


def split(batch, count):
    parts = {name: np.split(column, count) for name, column in batch.items()}
    return [{name: column[i] for name, column in parts.items()} for i in range(count)]


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("fillers", [0, 3])
def test_micro_batches_give_loss_and_gradients_of_the_big_batch(count, fillers):
    step, batch = step_of(), batch_of(16, fillers)
    loss, weight, wanted = step.run(batch, 0)
    wanted = [grad.asnumpy().copy() for grad in wanted]
    told, sums = [], [0.0] * len(wanted)
    for own_loss, own_weight, grads in GradientCache(step)([(own, 0) for own in split(batch, count)]):
        told.append((own_loss, own_weight))
        sums = [total + grad.asnumpy() for total, grad in zip(sums, grads, strict=True)]
    assert told[0] == (pytest.approx(loss, rel=1e-6), weight) and told[1:] == [(0.0, 0.0)] * (count - 1)
    for total, grad in zip(sums, wanted, strict=True):
        np.testing.assert_allclose(total, grad, atol=2e-6, rtol=1e-6)
        assert np.abs(grad).max() > 0.1


def test_the_second_pass_drops_what_the_first_one_dropped():
    step, batch = step_of(dropout=0.5), batch_of(8)
    wanted = [grad.asnumpy().copy() for grad in step.run(batch, 11)[2]]
    other = step.run(batch, 12)[2][0].asnumpy()
    ((_, _, grads),) = GradientCache(step)([(batch, 11)])
    np.testing.assert_allclose(grads[0].asnumpy(), wanted[0], atol=1e-6)
    assert np.abs(other - wanted[0]).max() > 0.1


def test_a_run_of_micro_batches_ends_with_the_weights_of_the_big_batch(job, weights, monkeypatch):
    monkeypatch.setattr(word_average.Labels, "loss", lambda self: NearestOfBatch())
    trained, losses = [], []
    for folder, size, micro, cached in (("big", 8, 1, False), ("cached", 2, 4, True), ("apart", 2, 4, False)):
        loop = job(
            folder, lengths=(3, 20) * 12, train__batch_size=size, train__gradient_accumulation_steps=micro,
            train__epochs=2, train__gradient_cache=cached, train__save_steps=2, optimizer__eps=1e-4,
        )  # fmt: skip
        losses.append(loop.train().loss_sum)
        trained.append(weights(loop))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5) and abs(losses[0] - losses[2]) > 0.1
    for name, value in trained[0].items():
        np.testing.assert_allclose(trained[1][name], value, atol=1e-5, err_msg=name)


def test_what_it_does_not_go_with_is_refused(job, monkeypatch):
    cached = dict(train__gradient_accumulation_steps=2, train__gradient_cache=True)
    with pytest.raises(ConfigError, match="but this loss counts each row alone"):
        job(**cached)
    monkeypatch.setattr(word_average.Labels, "loss", lambda self: NearestOfBatch())
    with pytest.raises(ConfigError, match="loss.rdrop_alpha wants several passes over each"):
        job("rdrop", loss__rdrop_alpha=1.0, **cached)
    with pytest.raises(ConfigError, match="adversarial.name wants several passes"):
        job("fgm", adversarial__name="fgm", adversarial__target="table", **cached)
