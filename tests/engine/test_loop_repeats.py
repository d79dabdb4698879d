"""A run is a function of its seed: the same bits again, after a resume, and from micro-batches."""

import zlib

import numpy as np
import pytest
from mindspore import Tensor
from word_average import VOCAB, MeanOfWords

from tasklab.engine.listeners import MetricsFile
from tasklab.errors import CheckpointError
from tasklab.nn.blocks.dropout import DROPOUT_VERSION
from tasklab.runs.history import read_metrics
from tasklab.runs.state import FORMAT, TrainerState, read_training_state
from tasklab.weights.folder import read_weights
from tasklab.weights.loading import load_into

TIMING = ("speed", "samples_per_second", "seconds_left", "compiles", "compile_seconds")


class Killed(Exception):
    """Stands for the end of the process."""


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def records(loop):
    return [{k: v for k, v in r.items() if k not in TIMING} for r in read_metrics(loop.run.path / "metrics.jsonl")]


def test_equal_seeds_give_equal_bits_and_other_seeds_do_not(job, weights):
    options = dict(model__hidden_dropout_prob=0.3, train__epochs=2)
    trained = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        loop = job(folder, seed=seed, **options)
        loop.train()
        trained.append(weights(loop))
    assert equal(trained[0], trained[1])
    assert not equal(trained[0], trained[2])


def test_dropout_differs_from_step_to_step_and_is_off_without_a_rate(job):
    loop = job(model__hidden_dropout_prob=0.5)
    batch = loop.epochs.table.batch([0, 1], {"input": 16}, 2, ("input_ids", "attention_mask", "labels"))
    losses = [loop.step.run(batch, seed)[0] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    calm = job("calm", model__hidden_dropout_prob=0.0)
    assert calm.step.run(batch, 1)[0] == calm.step.run(batch, 2)[0]


@pytest.mark.parametrize("rows", [8, 7])
def test_four_micro_batches_of_two_equal_a_batch_of_eight(job, weights, rows):
    # 7 rows: the last micro-batch, and the big batch, hold one filler of weight 0
    trained, losses = [], []
    for folder, size, micro in (("big", 8, 1), ("small", 2, 4)):
        loop = job(
            folder, lengths=(4,) * rows, train__epochs=3, train__batch_size=size, train__max_grad_norm=0.1,
            train__gradient_accumulation_steps=micro,
        )  # fmt: skip
        losses.append(loop.train().loss_sum)
        assert loop.state.global_step == 3
        trained.append(weights(loop))
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for name, value in trained[0].items():
        np.testing.assert_allclose(trained[1][name], value, atol=1e-6, err_msg=name)


def test_a_row_of_weight_zero_changes_nothing(job):
    loop = job(lengths=(4,) * 4)
    batch = loop.epochs.table.batch([0, 1], {"input": 16}, 4, ("input_ids", "attention_mask", "labels"))
    loss, weight, grads = loop.step.run(batch, 0)
    expected = [g.asnumpy().copy() for g in grads]
    batch["input_ids"][2:], batch["labels"][2:], batch["attention_mask"][2:] = 5, 1, 1
    again = loop.step.run(batch, 0)
    assert (loss, weight) == again[:2] == (loss, 2.0)
    for grad, wanted in zip(again[2], expected, strict=True):
        np.testing.assert_array_equal(grad.asnumpy(), wanted)


FEATURES = {
    "plain": {},
    "average": {"optimizer__ema_decay": 0.9},
    "fgm": {"adversarial__name": "fgm", "adversarial__target": "table"},
    "pgd": {"adversarial__name": "pgd", "adversarial__target": "table"},
    "rdrop": {"loss__rdrop_alpha": 2.0, "optimizer__ema_decay": 0.5},
}


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
def test_a_run_killed_between_checkpoints_repeats_its_bits(job, weights, features):
    options = dict(
        lengths=(3, 20) * 6, model__hidden_dropout_prob=0.3, schedule__warmup_ratio=0.2, train__epochs=2,
        train__save_steps=4, train__logging_steps=3, train__save_total_limit=None, **features,
    )  # fmt: skip
    whole = job("whole", callbacks=[MetricsFile()], **options)
    whole.train()
    assert whole.order.steps_per_epoch == 6  # so that the checkpoint of step 4 lies inside an epoch

    class Kill(MetricsFile):
        def on_step_end(self, loop):
            if loop.state.global_step == 7:
                raise Killed

    with pytest.raises(Killed):
        job("cut", callbacks=[Kill()], **options).train()
    resumed = job("cut", callbacks=[MetricsFile()], **options)
    folder = resumed.run.last(pytest.fail)
    assert folder.name == "checkpoint-4"
    state, moments = read_training_state(folder)
    assert (state.epoch, state.step_in_epoch) == (0, 4)
    load_into(resumed.network, read_weights(folder), "strict", "cut")
    resumed.restore(state, moments)
    resumed.train()
    assert equal(weights(resumed), weights(whole))
    assert equal(resumed.optimizer.state(), whole.optimizer.state())
    assert records(resumed) == records(whole)
    for name in ("checkpoint-8", "checkpoint-12"):
        assert equal(read_weights(resumed.run.path / name), read_weights(whole.run.path / name))


def frozen_words(seed: int) -> MeanOfWords:
    """A network whose word vectors are random and not trained."""
    network = MeanOfWords(0.0)
    network.table.set_data(Tensor(np.random.default_rng(seed).standard_normal((VOCAB, 8)).astype(np.float32)))
    network.table.requires_grad = False
    return network


@pytest.mark.parametrize("average", [None, 0.5])
def test_what_is_not_trained_is_saved_and_resumed_too(job, average):
    options = dict(train__epochs=2, train__save_steps=3, train__save_total_limit=None, optimizer__ema_decay=average)
    whole = job("whole", network=frozen_words(1), **options)
    table = whole.network.table.asnumpy().copy()
    whole.train()
    assert [p.name for p in whole.step.parameters] == ["output.weight", "output.bias"]
    saved = read_weights(whole.run.path / "checkpoint-3")
    assert saved.keys() == {"table", "output.weight", "output.bias"}
    np.testing.assert_array_equal(saved["table"], table)

    resumed = job("cut", network=frozen_words(2), **options)
    load_into(resumed.network, saved, "strict", "cut")
    resumed.restore(*read_training_state(whole.run.path / "checkpoint-3"))
    resumed.train()
    last = "checkpoint-10"
    assert equal(read_weights(resumed.run.path / last), read_weights(whole.run.path / last))


def test_resume_with_another_batch_size_is_refused_by_name(job):
    loop = job(losses=[])
    state, moments = loop.state, loop.optimizer.state()
    other = job(losses=[], train__batch_size=5)
    wrong = "because this changed: batch_size: then 2, now 5; restore it, or start from the weights alone with --from"
    with pytest.raises(CheckpointError, match=wrong):
        other.restore(state, moments)


def test_resume_on_other_rows_is_refused_by_name(job):
    loop = job(losses=[])
    other = job(losses=[], lengths=(3, 5) * 4)
    with pytest.raises(CheckpointError, match="rows: then 10, now 8, tokens: then 40, now 32, the content"):
        other.restore(loop.state, loop.optimizer.state())


def test_resume_after_labels_were_swapped_is_refused(job):
    loop = job(losses=[])
    other = job(losses=[], relabel=lambda labels: labels[::-1].copy())
    assert other.epochs.table.dense["labels"].tolist() != loop.epochs.table.dense["labels"].tolist()
    with pytest.raises(CheckpointError, match="because this changed: the content of the training rows"):
        other.restore(loop.state, loop.optimizer.state())


def test_a_state_of_format_1_is_compared_by_the_tokens_it_knows(job):
    loop = job(losses=[])
    now = loop.state.plan
    then = {key: value for key, value in now.items() if key != "digest_of_rows"}
    then["crc32_of_tokens"] = zlib.crc32(loop.epochs.table["input_ids"].values)
    state = TrainerState(global_step=2, total_steps=5, plan=then, format_version=1)
    loop.restore(state, loop.optimizer.state())
    assert (loop.state.global_step, loop.state.plan, loop.state.format_version) == (2, now, FORMAT)
    then["crc32_of_tokens"] += 1
    with pytest.raises(CheckpointError, match="because this changed: the texts of the training rows"):
        loop.restore(state, loop.optimizer.state())


@pytest.mark.parametrize(("rate", "version", "told"), [(0.3, 1, True), (0.0, 1, False), (0.3, DROPOUT_VERSION, False)])
def test_a_run_with_masks_of_an_older_formula_goes_on_and_is_told(job, caplog, rate, version, told):
    loop = job(model__hidden_dropout_prob=rate)
    state = TrainerState(global_step=2, total_steps=5, plan=loop.state.plan, dropout_version=version)
    loop.restore(state, loop.optimizer.state())
    said = f"masks of dropout version 1, this tasklab draws those of version {DROPOUT_VERSION}: from global step 3 on"
    assert (said in caplog.text) == told
    assert loop.state.dropout_version == DROPOUT_VERSION
