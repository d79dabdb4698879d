"""The encoder that follows slowly and its queue, by their definitions and through a resume."""

import numpy as np
import pytest
import word_average
from mindspore import Tensor
from word_towers import WIDTH, QueuedLoss, towers, twice

from tasklab.data.rows.repetition import RepeatedRows
from tasklab.engine.epochs import Fixed
from tasklab.engine.followers import followers_of
from tasklab.engine.momentum import MomentumEncoder
from tasklab.engine.ranks import Ranks
from tasklab.engine.step import CompileLog, GradientStep, forward
from tasklab.errors import CheckpointError, ConfigError
from tasklab.nn.blocks.vector_queue import VectorQueue
from tasklab.runs.state import read_training_state
from tasklab.weights.folder import read_weights
from tasklab.weights.loading import load_into


def batch_of(seed, rows=4, fillers=1):
    random = np.random.default_rng(seed)
    ids = random.integers(1, word_average.VOCAB, (rows, 2, 5)).astype(np.int32)
    weight = (np.arange(rows) < rows - fillers).astype(np.float32)
    texts = np.arange(1, 2 * rows + 1, dtype=np.int32).reshape(rows, 2) + 10 * seed
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "texts": texts, "sample_weight": weight}


def test_a_queue_takes_the_latest_first_and_lets_the_oldest_go():
    queue = VectorQueue(3, 2, 0.5)
    queue.push(np.array([[1, 1], [2, 2]]), np.array([7, 8]))
    assert queue.filled.asnumpy().tolist() == [1, 1, 0] and queue.texts.asnumpy().tolist() == [7, 8, 0]
    queue.push(np.array([[3, 3], [4, 4]]), np.array([5, 6]))
    assert queue.vectors.asnumpy()[:, 0].tolist() == [3, 4, 1] and queue.filled.asnumpy().tolist() == [1, 1, 1]
    assert queue.texts.asnumpy().tolist() == [5, 6, 7]
    queue.push(np.arange(10, 18).reshape(4, 2), np.arange(1, 5))
    assert queue.vectors.asnumpy()[:, 0].tolist() == [10, 12, 14] and queue.texts.asnumpy().tolist() == [1, 2, 3]


def test_weights_and_vectors_follow_their_definitions():
    network, queue = towers(dropout=0.5), VectorQueue(5, WIDTH, 0.75)
    step = GradientStep(network, QueuedLoss(5, 0.75), CompileLog())
    start = {p.name: p.asnumpy().copy() for p in step.parameters}
    momentum = MomentumEncoder(network, step.parameters, queue, CompileLog())
    for parameter in step.parameters:
        parameter.set_data(Tensor(parameter.asnumpy() + 1))
    trained = {p.name: p.asnumpy().copy() for p in step.parameters}
    step.run(batch_of(0), 1)
    momentum.after_step(1, [batch_of(1), batch_of(2)])
    own = dict(zip(start, momentum.weights, strict=True))
    for name in start:
        np.testing.assert_allclose(own[name], 0.75 * start[name] + 0.25 * trained[name], atol=1e-6)
        np.testing.assert_array_equal({p.name: p for p in step.parameters}[name].asnumpy(), trained[name])
    # the head of training and no dropout: mean of the words, then the dense; row 3 of each batch is a filler
    wanted = [
        own["table"][batch_of(seed)["input_ids"][:3, 0]].mean(axis=1) @ own["head.dense.weight"].T
        + own["head.dense.bias"] for seed in (2, 1)
    ]  # fmt: skip
    np.testing.assert_allclose(queue.vectors.asnumpy(), np.concatenate(wanted)[:5], atol=1e-5)
    np.testing.assert_allclose(queue.vectors.asnumpy()[0], wanted[0][0], atol=1e-5)
    assert queue.texts.asnumpy().tolist() == [21, 23, 25, 11, 13]  # the first text of each row that counts


def test_training_and_evaluation_go_on_as_they_were():
    network = towers(dropout=0.5)
    step = GradientStep(network, QueuedLoss(5, 0.75), CompileLog())
    momentum = MomentumEncoder(network, step.parameters, VectorQueue(5, WIDTH, 0.75), CompileLog())
    compiles = CompileLog()
    before = step.run(batch_of(0), 1)[0], forward(network, batch_of(0), compiles)[0].copy()
    momentum.after_step(1, [batch_of(1)])
    after = step.run(batch_of(0), 1)[0], forward(network, batch_of(0), compiles)[0]
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])
    momentum.after_step(1, [batch_of(1)])
    np.testing.assert_array_equal(before[1], forward(network, batch_of(0), compiles)[0])
    assert after[1].shape[-1] == 8  # what serves is the vector below the head


def test_dropout_is_on_from_the_first_step_and_parts_two_equal_texts():
    batch = batch_of(0, fillers=0)
    batch["input_ids"][:, 1] = batch["input_ids"][:, 0]
    calm, first = (GradientStep(towers(p), QueuedLoss(2, 0.9), CompileLog()).run(batch, 1)[0] for p in (0.0, 0.5))
    assert abs(first - calm) > 0.05


OPTIONS = dict(
    lengths=(7, 12) * 6, model__hidden_dropout_prob=0.3, train__batch_size=4, train__epochs=2, train__save_steps=3,
    train__save_total_limit=None, train__eval_strategy="no", optimizer__ema_decay=0.5,
)  # fmt: skip


@pytest.fixture
def contrastive(job, monkeypatch):
    """contrastive(folder) -> a run of 6 steps with repeated words, momentum encoder and queue."""
    monkeypatch.setattr(word_average.Labels, "loss", lambda self: QueuedLoss(10, 0.9))

    def made(folder, **more):
        rows = lambda table: Fixed(RepeatedRows(twice(table), [], "one_side", 0.32, 32, 1))  # noqa: E731
        return job(folder, network=towers(0.3), epochs=rows, **{**OPTIONS, **more})

    return made


def test_six_steps_are_three_and_a_resume_of_three_to_the_bit(contrastive, weights):
    whole = contrastive("whole")
    assert whole.train().global_step == 6
    resumed = contrastive("cut")
    folder = whole.run.path / "checkpoint-3"
    load_into(resumed.network, read_weights(folder), "strict", "cut")
    state, moments = read_training_state(folder)
    assert moments["momentum.filled"].tolist() == [1] * 10
    resumed.restore(state, moments)
    resumed.train()
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(resumed)[name], value)
    one, other = (loop.followers[1].state() for loop in (whole, resumed))
    assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
    assert not np.array_equal(one["weights.table"], weights(whole)["table"])


def test_a_state_of_another_queue_and_further_ranks_are_refused(contrastive):
    loop = contrastive("run")
    tensors = loop.followers[1].state() | {"queue": np.zeros((4, WIDTH), np.float32)}
    with pytest.raises(CheckpointError, match="momentum.queue is missing or has another shape, so the run had another"):
        loop.followers[1].load_state(tensors)

    class Two(Ranks):
        count = 2

    with pytest.raises(ConfigError, match="loss.queue_size 10 is of one process, of which there are 2; set it to 0"):
        followers_of(loop.step, loop.config, Two(), loop.order.features)
