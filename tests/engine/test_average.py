"""The moving average of the weights against its definition."""

import numpy as np
import pytest
from mindspore import Parameter, Tensor

from tasklab.engine.average import WeightAverage
from tasklab.engine.kept import load_tensors
from tasklab.errors import CheckpointError
from tasklab.runs.state import read_training_state
from tasklab.weights.folder import read_weights


def values(parameters):
    return [p.asnumpy().item() for p in parameters]


def test_the_average_follows_its_definition():
    # weight 0, then 11 and 11: d = min(0.5, 2/11) = 2/11 gives 9/11 * 11 = 9; d = min(0.5, 3/12) gives 9/4 + 3/4 * 11
    weight = [Parameter(Tensor(np.zeros(1, np.float32)), name="w")]
    average = WeightAverage(weight, 0.5)
    for steps in (1, 2):
        weight[0].set_data(Tensor(np.full(1, 11, np.float32)))
        average.after_step(steps, [])
    with average.in_place():
        assert values(weight) == pytest.approx([10.5])
        assert average.state()["w"] == [11]
    assert values(weight) == [11]


def test_late_steps_use_the_decay_itself():
    weight = [Parameter(Tensor(np.zeros(1, np.float32)), name="w")]
    average = WeightAverage(weight, 0.9)
    weight[0].set_data(Tensor(np.full(1, 10, np.float32)))
    average.after_step(1000, [])
    with average.in_place():
        assert values(weight) == pytest.approx([1.0])


def test_a_checkpoint_without_an_average_is_refused():
    average = WeightAverage([Parameter(Tensor(np.zeros(1, np.float32)), name="w")], 0.9)
    with pytest.raises(CheckpointError, match="trained.w is missing, so the run had no optimizer.ema_decay"):
        load_tensors([average], {"moment1.w": np.zeros(1)})


def test_the_averages_are_evaluated_and_saved_and_training_goes_on_with_the_weights(job, weights):
    seen = []
    loop = job(
        optimizer__ema_decay=0.8, train__epochs=2, train__max_grad_norm=0.0,
        evaluate=lambda: seen.append(weights(loop)) or {"accuracy": 1.0},
    )  # fmt: skip
    loop.train()
    plain = job("plain", train__epochs=2, train__max_grad_norm=0.0)
    plain.train()
    saved = read_weights(loop.run.last(pytest.fail))
    _, moments = read_training_state(loop.run.last(pytest.fail))
    for name, trained in weights(plain).items():
        np.testing.assert_array_equal(weights(loop)[name], trained)
        np.testing.assert_array_equal(moments["trained." + name], trained)
        np.testing.assert_array_equal(saved[name], seen[-1][name])
        assert not np.array_equal(saved[name], trained)
