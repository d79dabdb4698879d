"""Ranks in one process: two loops in two threads stand for two processes."""

import signal
import threading

import numpy as np
import pytest

from tasklab.engine.hooks import Callback
from tasklab.engine.ranks import Ranks
from tasklab.errors import Interrupted


class Pair(Ranks):
    """Two ranks that meet at a barrier to exchange values."""

    count = 2

    def __init__(self, rank: int, board: dict, barrier: threading.Barrier):
        self.rank, self.board, self.barrier = rank, board, barrier

    def _both(self, value) -> tuple:
        self.board[self.rank] = value
        self.barrier.wait()
        both = self.board[0], self.board[1]
        self.barrier.wait()
        return both

    def sum(self, arrays):
        return [one + other for one, other in zip(*self._both(arrays), strict=True)]

    def agree(self, flag):
        return any(self._both(flag))


class Recorder(Callback):
    def __init__(self):
        self.heard = []

    def on_log(self, loop, record):
        self.heard.append((record["global_step"], record["loss"], record["lr"], record["grad_norm"]))

    def on_save(self, loop, folder):
        self.heard.append(folder.name)


def test_one_process_has_all_to_itself():
    alone = Ranks()
    assert alone.first and alone.share([3, 1, 2]) == [3, 1, 2]
    assert alone.sum([1.5]) == [1.5] and alone.agree(True) and not alone.agree(False)


def test_two_ranks_train_as_one_process_with_twice_the_micro_batches_and_one_speaks(job):
    options = dict(
        lengths=(3, 5) * 4, losses=[], train__gradient_accumulation_steps=2, train__epochs=2, train__logging_steps=1,
        optimizer__ema_decay=0.5, train__eval_strategy="no",
    )  # fmt: skip
    recorders = [Recorder() for _ in range(3)]
    whole = job("whole", callbacks=recorders[:1], **options)
    whole.train()
    board, barrier = {}, threading.Barrier(2, timeout=60)
    pair = [job(f"rank-{i}", callbacks=[recorders[1 + i]], ranks=Pair(i, board, barrier), **options) for i in range(2)]
    threads = [threading.Thread(target=loop.train) for loop in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for loop in pair:
        assert loop.state.global_step == whole.state.global_step == 4
        assert loop.state.loss_sum == whole.state.loss_sum
        np.testing.assert_array_equal(loop.step.parameters[0].asnumpy(), whole.step.parameters[0].asnumpy())
        assert loop.step.calls == whole.step.calls / 2
    assert recorders[1].heard == recorders[0].heard != []
    assert recorders[2].heard == [] and pair[1].run.checkpoints() == []
    saved = [loop.run.last(pytest.fail) / "trainer_state.json" for loop in (pair[0], whole)]
    assert saved[0].read_bytes() == saved[1].read_bytes()


def test_what_another_rank_was_told_to_stop_for_stops_this_one_after_saving(job):
    class Told(Ranks):
        def agree(self, flag):
            return True

    loop = job(losses=[], ranks=Told())
    with pytest.raises(Interrupted, match="stopped after global step 1; everything is saved") as stopped:
        loop.train()
    assert stopped.value.exit_code == 128 + signal.SIGTERM
    assert loop.run.last(pytest.fail).name == "checkpoint-1"
