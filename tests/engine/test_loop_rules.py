"""When a run evaluates, saves, stops and refuses; a scripted step stands in for the network."""

import errno
import os
import re
import signal

import pytest

from tasklab.engine.callbacks import ProgressLog
from tasklab.engine.hooks import Callback
from tasklab.errors import CheckpointError, ConfigError, Interrupted, TrainingError
from tasklab.weights import atomic

# 10 rows in batches of 2 are 5 steps an epoch


class Seen(Callback):
    """Steps at which each event came."""

    def __init__(self):
        self.evaluated, self.saved, self.steps = [], [], 0

    def on_step_end(self, loop):
        self.steps += 1

    def on_evaluate(self, loop, record):
        self.evaluated.append(record["global_step"])

    def on_save(self, loop, folder):
        self.saved.append(int(folder.name.removeprefix("checkpoint-")))


class At(Callback):
    """Does something once, at the end of a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step_end(self, loop):
        if loop.state.global_step == self.step:
            self.action()


def checkpoints(loop):
    return [int(path.name.removeprefix("checkpoint-")) for path in loop.run.checkpoints()]


@pytest.mark.parametrize(
    "settings, evaluated, saved",
    [
        ({"train__eval_strategy": "epoch"}, [5, 10], [5, 10]),
        ({"train__eval_strategy": "steps", "train__eval_steps": 4}, [4, 8, 10], [4, 5, 8, 10]),
        ({"train__eval_strategy": "no"}, [], [5, 10]),
        ({"train__eval_strategy": "no", "train__save_steps": 3}, [], [3, 6, 9, 10]),
        ({"train__eval_steps": 4}, [4, 8, 10], [4, 5, 8, 10]),
        ({"train__eval_strategy": "epoch", "train__eval_steps": 4}, [5, 10], [5, 10]),
        ({"train__save_strategy": "epoch", "train__save_steps": 3}, [5, 10], [5, 10]),
        ({"train__save_strategy": "best"}, [5, 10], [5, 10]),  # every score is better than the one before
        ({"train__save_strategy": "no"}, [5, 10], [10]),
        ({"train__max_steps": 7}, [5, 7], [5, 7]),
        ({"train__max_steps": 12}, [5, 10, 12], [5, 10, 12]),
        ({"train__gradient_accumulation_steps": 2}, [3, 6], [3, 6]),  # 2 + 2 + 1 micro-batches
    ],
)
def test_a_run_evaluates_and_saves_when_it_was_told_to(job, settings, evaluated, saved):
    seen = Seen()
    loop = job(losses=[], scores=range(20), callbacks=[seen], train__epochs=2, **settings)
    state = loop.train()
    assert (seen.evaluated, seen.saved) == (evaluated, saved)
    assert seen.steps == state.global_step == state.total_steps == saved[-1]
    assert state.finished


@pytest.mark.parametrize(
    "settings, steps, evaluated",
    [
        ({"train__epochs": 2, "train__min_steps": 10}, 10, [5, 10]),  # enough as it is
        ({"train__epochs": 2, "train__min_steps": 12}, 15, [5, 10, 15]),  # whole epochs
        ({"train__epochs": 2, "train__min_steps": 101}, 105, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105]),
        ({"train__epochs": 2, "train__min_steps": 20, "train__eval_steps": 8}, 20, [8, 16, 20]),
        ({"train__epochs": 2, "train__min_steps": 5, "train__gradient_accumulation_steps": 2}, 6, [3, 6]),
    ],
)
def test_a_least_number_of_steps_raises_the_epochs(job, settings, steps, evaluated):
    seen = Seen()
    loop = job(losses=[], scores=range(20), callbacks=[seen], **settings)
    assert loop.train().total_steps == steps
    assert seen.evaluated == evaluated


def test_the_rate_falls_over_the_raised_number_of_steps(job):
    rates = []
    watch = Callback()
    watch.on_log = lambda loop, record: rates.append((record["global_step"], record["lr"]))
    job(
        losses=[], callbacks=[watch], train__epochs=2, train__min_steps=20, train__logging_steps=1, optimizer__lr=1.0,
        schedule__warmup_ratio=0.0,
    ).train()  # fmt: skip
    assert rates == [(step, pytest.approx(1 - (step - 1) / 20)) for step in range(1, 21)]


@pytest.mark.parametrize(
    "strategy, saved", [("best", [5, 10, 20, 30]), ("no", [30]), ("epoch", [5, 10, 15, 20, 25, 30])]
)
def test_evaluations_without_gain_are_saved_only_when_asked_for(job, strategy, saved):
    seen = Seen()
    job(
        losses=[], scores=[40, 50, 45, 50, 30, 20], callbacks=[seen], train__epochs=6, train__save_strategy=strategy
    ).train()
    assert seen.saved == saved


def test_a_smaller_loss_is_better(job):
    left = [0.9, 0.5, 0.7]
    loop = job(
        losses=[], evaluate=lambda: {"accuracy": 1.0, "loss": left.pop(0)}, train__epochs=3,
        train__metric_for_best_model="eval_loss",
    )  # fmt: skip
    state = loop.train()
    assert (state.best_metric, state.best_step) == (0.5, 10)


@pytest.mark.parametrize("greater, best", [(True, 50), (False, 40)])
def test_the_user_says_what_is_better(job, greater, best):
    loop = job(losses=[], scores=[45, 50, 40], train__epochs=3, train__greater_is_better=greater)
    assert loop.train().best_metric == best


def test_gains_up_to_the_threshold_use_up_patience_but_are_kept(job):
    # against the best so far: +10, +2 (no gain), +2 (no gain): patience 2 ends the run, the last is the best
    loop = job(
        losses=[], scores=[40, 50, 52, 54, 99], train__epochs=5, train__early_stopping_patience=2,
        train__early_stopping_threshold=2,
    )  # fmt: skip
    state = loop.train()
    assert (state.epoch, state.best_metric, state.best_step, state.evaluations_without_gain) == (4, 54, 20, 2)


def test_training_stops_when_patience_is_used_up(job):
    # best at the second evaluation, then 49, 50 (the later one of two equal is the best, but no gain), 48: patience 3
    loop = job(losses=[], scores=[40, 50, 49, 50, 48, 99], train__epochs=6, train__early_stopping_patience=3)
    state = loop.train()
    assert (state.epoch, state.global_step) == (5, 25)
    assert (state.best_metric, state.best_step, state.evaluations_without_gain) == (50, 20, 3)
    assert loop.run.best().name == "checkpoint-20"
    assert state.finished


def scored(*evaluations):
    """An evaluation that gives these (accuracy, loss) in turn."""
    left = [{"accuracy": accuracy, "loss": loss} for accuracy, loss in evaluations]
    return lambda: left.pop(0)


@pytest.mark.parametrize(
    "evaluations, best",
    [
        ([(1.0, 0.8), (1.0, 0.2), (1.0, 0.3)], 10),  # the smallest loss, neither the first nor the last
        ([(0.0, 0.8), (0.0, 0.8), (0.0, 0.9)], 10),  # equal in both: the later step
        ([(0.5, 0.1), (0.6, 0.9), (0.5, 0.0)], 10),  # the metric comes first
        ([(0.5, float("nan")), (0.5, 0.9), (0.5, float("nan"))], 10),  # any loss is better than none
    ],
)
def test_of_equal_metrics_the_smaller_evaluation_loss_is_the_best(job, evaluations, best):
    loop = job(losses=[], evaluate=scored(*evaluations), train__epochs=3)
    assert loop.train().best_step == best
    assert loop.run.best().name == f"checkpoint-{best}"


def test_a_falling_loss_keeps_a_run_alive_whose_metric_has_not_moved_yet(job):
    # F1 0 four times: the loss falls three times, then twice not, which uses up a patience of 2 at epoch 5
    zeros = scored((0.0, 9.0), (0.0, 8.0), (0.0, 7.0), (0.0, 7.5), (0.0, 7.2), (0.0, 1.0))
    loop = job(losses=[], evaluate=zeros, train__epochs=6, train__early_stopping_patience=2)
    state = loop.train()
    assert (state.epoch, state.best_step, state.best_loss) == (5, 15, 7.0)


def test_a_gain_that_has_to_be_larger_is_not_made_up_for_by_the_loss(job):
    zeros = scored((0.0, 9.0), (0.0, 8.0), (0.0, 7.0))
    loop = job(
        losses=[], evaluate=zeros, train__epochs=3, train__early_stopping_patience=2,
        train__early_stopping_threshold=0.01,
    )  # fmt: skip
    state = loop.train()
    assert (state.epoch, state.best_step, state.evaluations_without_gain) == (3, 15, 2)


def test_a_resumed_run_compares_with_the_loss_of_its_best(job):
    loop = job(losses=[], evaluate=scored((1.0, 0.1), (1.0, 0.5)), train__epochs=2)
    state = loop.train()
    assert type(state).from_json(state.to_json(), loop.run.path).best_loss == 0.1


def test_the_log_says_why_an_equal_metric_is_the_best_now(job, caplog):
    caplog.set_level("INFO", "tasklab")
    job(losses=[], evaluate=scored((1.0, 0.8), (1.0, 0.2)), callbacks=[ProgressLog()], train__epochs=2).train()
    assert "accuracy is 1.00000 again, smaller evaluation loss 0.20000: step 10 is the best now" in caplog.messages
    job("other", losses=[], scores=[0, 0], callbacks=[ProgressLog()], train__epochs=2).train()
    assert "accuracy is 0.00000 again, the later step: step 10 is the best now" in caplog.messages


def test_a_metric_that_is_no_number_is_no_gain_and_no_obstacle(job):
    nan = float("nan")
    loop = job(losses=[], scores=[nan, 10, nan], train__epochs=3)
    state = loop.train()
    assert (state.best_metric, state.best_step, state.evaluations_without_gain) == (10, 10, 1)
    assert loop.run.best().name == "checkpoint-10"


def test_an_unknown_metric_is_refused_with_those_there_are(job):
    loop = job(losses=[], scores=[1], train__metric_for_best_model="f2")
    with pytest.raises(ConfigError, match="train.metric_for_best_model = f2: the evaluation gave accuracy"):
        loop.train()


def test_a_loss_that_is_no_number_at_once_does_not_promise_a_checkpoint(job):
    with pytest.raises(TrainingError, match="at global step 1; nothing was saved before"):
        job(losses=[float("nan")]).train()


def test_the_best_checkpoint_outlives_the_limit(job):
    loop = job(losses=[], scores=[10, 90, 20, 30, 40, 50], train__epochs=6, train__save_total_limit=2)
    loop.train()
    assert checkpoints(loop) == [10, 25, 30]
    assert loop.run.best_or_last(pytest.fail).name == "checkpoint-10"


def test_the_best_may_be_the_only_checkpoint_that_is_kept(job):
    loop = job(losses=[], scores=[10, 20, 30], train__epochs=3, train__save_total_limit=1)
    loop.train()
    assert checkpoints(loop) == [15]
    assert loop.run.best().name == "checkpoint-15"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_says_how_to_continue(job, number):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    loop = job(losses=[], train__epochs=2, callbacks=[At(3, lambda: os.kill(os.getpid(), number))])
    command = re.escape(f"tasklab train --resume {loop.run.path}")
    with pytest.raises(Interrupted, match=f"after global step 3; everything is saved.*{command}") as stopped:
        loop.train()
    assert stopped.value.exit_code == 128 + number
    assert checkpoints(loop) == [3]
    assert not loop.state.finished
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_repeated_sigterm_does_not_cut_the_saving_short(job):
    def twice():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    loop = job(losses=[], train__epochs=2, callbacks=[At(3, twice)])
    with pytest.raises(Interrupted):
        loop.train()
    assert checkpoints(loop) == [3]


def test_a_second_ctrl_c_stops_at_once(job):
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    loop = job(losses=[], train__epochs=2, callbacks=[At(3, twice)])
    with pytest.raises(KeyboardInterrupt):
        loop.train()
    assert checkpoints(loop) == []


def test_a_signal_in_the_last_step_ends_the_run_normally(job):
    loop = job(losses=[], train__epochs=1, callbacks=[At(5, lambda: os.kill(os.getpid(), signal.SIGTERM))])
    assert loop.train().finished


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_run_with_a_remedy(job, bad):
    loop = job(losses=[0.5] * 6 + [bad], train__epochs=2, optimizer__lr=0.01)
    wrong = rf"loss became {bad} at global step 7; .*checkpoint-5, is intact. Lower optimizer.lr \(now 0.01\)"
    with pytest.raises(TrainingError, match=wrong):
        loop.train()
    assert checkpoints(loop) == [5]
    assert loop.run.last(pytest.fail).name == "checkpoint-5"


def test_a_full_disk_keeps_the_checkpoint_before(job, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    loop = job(losses=[], train__epochs=2, callbacks=[At(7, lambda: monkeypatch.setattr(atomic, "_sync", full))])
    with pytest.raises(CheckpointError, match="checkpoint-10: no space left on the disk"):
        loop.train()
    monkeypatch.undo()
    assert checkpoints(loop) == [5]
    assert loop.run.last(pytest.fail).name == "checkpoint-5"
    assert not [path for path in loop.run.path.iterdir() if ".tmp" in path.name]


def rates_of(seen):
    """A listener that notes step and rate into `seen`."""
    listener = Callback()
    listener.on_log = lambda loop, record: seen.append((record["global_step"], round(record["lr"], 6)))
    return listener


ONE_BY_ONE = {"train__logging_steps": 1, "optimizer__lr": 1.0, "schedule__warmup_ratio": 0.2}


def test_a_finished_run_goes_on_with_a_schedule_for_the_added_steps(job):
    first = job(losses=[], scores=[1], train__epochs=1, **ONE_BY_ONE)
    state, seen = first.train(), []
    again = job(losses=[], scores=[2, 3], callbacks=[rates_of(seen)], train__epochs=3, **ONE_BY_ONE)
    again.restore(state, first.optimizer.state(), longer=True)
    end = again.train()
    # 10 steps are added: two rise from 0, eight fall to 0
    assert seen == [(6, 0.0), (7, 0.5), *((8 + n, round(1 - n / 8, 6)) for n in range(8))]
    assert (end.global_step, end.epoch, end.schedule_start, end.best_step, end.finished) == (15, 3, 5, 15, True)


def test_a_run_that_goes_on_is_resumed_on_the_same_schedule(job):
    first = job(losses=[], train__epochs=1, **ONE_BY_ONE)
    state, whole, parts = first.train(), [], []
    straight = job("straight", losses=[], callbacks=[rates_of(whole)], train__epochs=3, **ONE_BY_ONE)
    straight.restore(state, first.optimizer.state(), longer=True)
    straight.train()
    stop = At(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    stopped = job("stopped", losses=[], callbacks=[rates_of(parts), stop], train__epochs=3, **ONE_BY_ONE)
    stopped.restore(state, first.optimizer.state(), longer=True)
    with pytest.raises(Interrupted):
        stopped.train()
    again = job("stopped", losses=[], callbacks=[rates_of(parts)], train__epochs=3, **ONE_BY_ONE)
    again.restore(type(state).from_json(stopped.state.to_json(), stopped.run.path), stopped.optimizer.state())
    again.train()
    assert parts == whole


def test_a_run_that_stopped_early_has_its_patience_anew_when_it_goes_on(job):
    first = job(losses=[], scores=[9, 8, 7], train__epochs=5, train__early_stopping_patience=2)
    state = first.train()
    assert state.epoch == 3 and state.finished
    again = job(losses=[], scores=[6, 10, 5], train__epochs=6, train__early_stopping_patience=2)
    again.restore(state, first.optimizer.state(), longer=True)
    assert again.train().best_step == 25


def test_a_finished_run_cannot_go_on_to_fewer_steps(job):
    first = job(losses=[], train__epochs=2)
    state = first.train()
    again = job(losses=[], train__epochs=1)
    told = "made 10 steps in 2 epochs, so it cannot go on to 5; train.epochs counts .* give more than 2"
    with pytest.raises(CheckpointError, match=told):
        again.restore(state, first.optimizer.state(), longer=True)


def test_a_finished_run_resumes_to_nothing(job):
    loop = job(losses=[], train__epochs=1)
    state = loop.train()
    seen = Seen()
    again = job(losses=[], train__epochs=1, callbacks=[seen])
    again.restore(state, loop.optimizer.state())
    again.train()
    assert (seen.steps, seen.saved) == (0, [])
