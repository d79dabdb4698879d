"""What a run keeps beside weights and moments comes back, whoever's it is."""

import numpy as np

from tasklab.engine import loop as loop_module
from tasklab.engine.epochs import Fixed
from tasklab.engine.followers import followers_of
from tasklab.engine.kept import load_tensors, tensors_of
from tasklab.runs.state import read_training_state
from tasklab.weights.folder import read_weights
from tasklab.weights.loading import load_into


class Count:
    """Keeps the steps it was told of."""

    def __init__(self, name):
        self.name, self.steps = name, np.zeros(0, np.int64)

    def after_step(self, steps, batches):
        self.steps = np.append(self.steps, steps)

    def state(self):
        return {"steps": self.steps, "a.b": np.ones(1)}

    def load_state(self, tensors):
        assert tensors.keys() == {"steps", "a.b"}
        self.steps = tensors["steps"]


def test_each_gets_its_own_whatever_else_there_is():
    one, other = Count("queue"), Count("queue2")
    one.after_step(4, [])
    tensors = {"moment1.w": np.zeros(1), **tensors_of([one, other])}
    assert sorted(tensors) == ["moment1.w", "queue.a.b", "queue.steps", "queue2.a.b", "queue2.steps"]
    found = [Count("queue"), Count("queue2")]
    load_tensors(found, tensors)
    assert [kept.steps.tolist() for kept in found] == [[4], []]


class Drawn(Fixed):
    """Rows in an order that is drawn when an epoch begins, from numbers that nothing else knows."""

    random = np.random.default_rng(3)

    def __init__(self, table):
        super().__init__(table)
        self.order, self.epoch = None, -1

    def rows(self, epoch, run):
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.random.permutation(len(self.table))
        return self.table.select(self.order)

    def state(self):
        return {"order": self.order, "epoch": np.array([self.epoch])}

    def load_state(self, tensors):
        self.order, self.epoch = tensors["order"], int(tensors["epoch"][0])


def test_a_resume_within_an_epoch_trains_on_its_rows_and_followers_go_on(job, weights, monkeypatch):
    counts = []

    def followers(*asked):
        counts.append(Watching("watch"))
        return [*followers_of(*asked), counts[-1]]

    class Watching(Count):
        def in_place(self):
            return loop_module.all_in_place(())

    monkeypatch.setattr(loop_module, "followers_of", followers)
    options = dict(train__epochs=1, train__save_steps=2, train__save_total_limit=None, optimizer__ema_decay=0.5)
    whole = job("whole", epochs=Drawn, **options)
    monkeypatch.setattr(whole.order, "refuse_other", None)
    whole.train()
    resumed = job("whole", epochs=Drawn, **options)
    assert resumed.epochs.order.tolist() != whole.epochs.order.tolist()
    monkeypatch.setattr(resumed.order, "refuse_other", lambda then, version: None)  # its plan is that of its own draw
    half = whole.run.path / "checkpoint-2"
    load_into(resumed.network, read_weights(half), "strict", "half")
    resumed.restore(*read_training_state(half))
    resumed.train()
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(resumed)[name], value)
    assert [count.steps.tolist() for count in counts] == [[1, 2, 3, 4, 5]] * 2
