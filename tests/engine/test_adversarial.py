"""Shifted passes against their arithmetic: a step whose gradient is known everywhere stands in for the network."""

import numpy as np
import pytest
from mindspore import Parameter, Tensor

from tasklab.config import AdversarialConfig
from tasklab.engine.adversarial import further_seed, passes
from tasklab.errors import ConfigError


class Bowl:
    """Loss (a w1^2 + b w2^2) / 2 of the word vector (w1, w2), with gradient (a w1, b w2); head.weight gets 1."""

    def __init__(self, word, curvature=(1.0, 1.0)):
        word = Parameter(Tensor(np.array(word, np.float32)), name="encoder.embeddings.word.weight")
        self.parameters = [word, Parameter(Tensor(np.ones(1, np.float32)), name="head.weight")]
        self.curvature, self.seeds, self.places = np.array(curvature, np.float32), [], []

    def run(self, batch, seed):
        place = self.parameters[0].asnumpy().copy()
        self.seeds.append(seed)
        self.places.append(place)
        return 1.0, 2.0, (Tensor(self.curvature * place), Tensor(np.ones(1, np.float32)))


def run(step, **settings):
    found = list(passes(step, AdversarialConfig(**settings))({}, 7))
    return [(loss, weight) for loss, weight, _ in found], sum(grads[0].asnumpy() for *_, grads in found)


def test_without_adversary_there_is_one_pass():
    step = Bowl([3.0, 4.0])
    counted, gradient = run(step)
    assert counted == [(1.0, 2.0)] and step.seeds == [7]
    np.testing.assert_array_equal(gradient, [3, 4])


def test_fgm_adds_the_gradient_at_the_shifted_place():
    # the gradient (3, 4) has norm 5: a shift of norm 0.5 leads to (3.3, 4.4)
    step = Bowl([3.0, 4.0])
    counted, gradient = run(step, name="fgm", epsilon=0.5)
    np.testing.assert_allclose(step.places, [[3, 4], [3.3, 4.4]], rtol=1e-6)
    np.testing.assert_allclose(gradient, [6.3, 8.4], rtol=1e-6)
    assert counted == [(1.0, 2.0), (0.0, 0.0)]  # the shifted pass counts in no mean
    np.testing.assert_array_equal(step.parameters[0].asnumpy(), np.array([3, 4], np.float32))


def test_pgd_steps_by_three_tenths_of_the_radius_where_nothing_else_is_said():
    settings = {"name": "pgd", "epsilon": 0.5, "steps": 2}
    (_, left), (_, said) = run(Bowl([3.0, 4.0]), **settings), run(Bowl([3.0, 4.0]), alpha=0.15, **settings)
    np.testing.assert_array_equal(left, said)


def test_pgd_walks_along_the_gradients_and_stays_in_the_ball():
    # curvature (0, 1) pulls along the second axis: from (3, 4) by 0.3 each time, but never more than 0.5 away
    step = Bowl([3.0, 4.0], curvature=(0.0, 1.0))
    counted, gradient = run(step, name="pgd", epsilon=0.5, alpha=0.3, steps=3)
    np.testing.assert_allclose(step.places, [[3, 4], [3, 4.3], [3, 4.5], [3, 4.5]], rtol=1e-6)
    np.testing.assert_allclose(gradient, [0, 8.5], rtol=1e-6)  # clean and last place only
    assert counted == [(1.0, 2.0), (0.0, 0.0)]
    np.testing.assert_array_equal(step.parameters[0].asnumpy(), np.array([3, 4], np.float32))


def test_a_gradient_of_zero_shifts_nothing():
    step = Bowl([0.0, 0.0])
    _, gradient = run(step, name="fgm")
    np.testing.assert_array_equal(gradient, [0, 0])


def test_every_pass_draws_its_own_dropout_from_the_seed():
    step, again = Bowl([3.0, 4.0]), Bowl([3.0, 4.0])
    run(step, name="pgd", steps=3)
    run(again, name="pgd", steps=3)
    assert step.seeds == again.seeds == [7, *(further_seed(7, number) for number in (1, 2, 3))]
    assert len(set(step.seeds)) == 4 and all(0 <= seed < 2**31 for seed in step.seeds)


def test_a_target_that_no_weight_has_is_refused():
    with pytest.raises(ConfigError, match="adversarial.target is 'emb.word'; no trained weight has this in its name"):
        passes(Bowl([1.0, 1.0]), AdversarialConfig(name="fgm", target="emb.word"))
