"""Expected rates worked out by hand from the definitions of the schedules, and those of UER-py."""

import json
import math
from pathlib import Path

import pytest

from tasklab.config import ScheduleConfig
from tasklab.config.registries import SCHEDULES
from tasklab.engine.schedule import learning_rate, warmup_steps
from tasklab.errors import ConfigError


def schedule(**values):
    config = ScheduleConfig()
    for name, value in values.items():
        setattr(config, name, value)
    return config


def rates(config, steps, total=100, peak=1.0):
    return [learning_rate(step, peak, config, total) for step in steps]


def test_linear_rises_from_zero_and_falls_to_zero():
    # 10 warm-up steps of 100: step 5 is halfway up, step 55 is halfway down
    assert rates(schedule(name="linear", warmup_steps=10), [0, 5, 10, 55, 100]) == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_cosine_is_at_half_in_the_middle():
    # quarter of the way: 0.5 * (1 + cos(pi / 4)) = 0.853553
    assert rates(schedule(name="cosine", warmup_steps=0), [0, 25, 50, 100]) == pytest.approx([1, 0.8535534, 0.5, 0])


def test_cosine_with_restarts_jumps_back_up():
    config = schedule(name="cosine_with_restarts", warmup_steps=0, num_cycles=2)
    assert rates(config, [25, 49, 50, 75]) == pytest.approx([0.5, 0.5 * (1 + math.cos(math.pi * 0.98)), 1, 0.5])


def test_polynomial_of_power_two_ends_at_lr_end():
    # from 1.0 to 0.2: halfway 0.2 + 0.8 * 0.5 ** 2 = 0.4
    config = schedule(name="polynomial", warmup_steps=0, lr_end=0.2, power=2.0)
    assert rates(config, [0, 50, 100]) == pytest.approx([1, 0.4, 0.2])


def test_constant_has_no_warmup_but_constant_with_warmup_has():
    assert rates(schedule(name="constant", warmup_ratio=0.5), [0, 99]) == [1, 1]
    assert rates(schedule(name="constant_with_warmup", warmup_steps=4), [0, 1, 4, 99]) == [0, 0.25, 1, 1]


def test_warmup_ratio_rounds_down():
    assert warmup_steps(schedule(warmup_ratio=0.1), 1002) == 100


def test_a_warmup_longer_than_the_run_is_refused():
    with pytest.raises(ConfigError, match="warmup_steps = 200 is more than the 100 optimizer steps"):
        warmup_steps(schedule(warmup_steps=200), 100)


UER = json.loads((Path(__file__).parents[1] / "fixtures" / "schedules_reference.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", UER)
def test_every_schedule_has_the_rates_of_uer(name):
    # its polynomial ends at 1e-7; the others, as here, at 0
    config = schedule(name=name, warmup_steps=8, lr_end=1e-7 if name == "polynomial" else 0.0)
    found = [learning_rate(step, 1e-3, config, 40) / 1e-3 for step in range(40)]
    assert found == pytest.approx(UER[name], rel=1e-9, abs=1e-12)


def test_uer_and_here_have_the_same_schedules():
    assert SCHEDULES.names() == sorted(UER)


def test_inverse_sqrt_without_a_warmup_falls_from_the_first_step():
    assert rates(schedule(name="inverse_sqrt", warmup_ratio=0), [0, 1, 4, 16]) == pytest.approx([1, 1, 0.5, 0.25])


def test_tri_stage_falls_over_the_share_it_is_given():
    # 10 of 100 steps; halfway sqrt(0.05) = 0.2236
    config = schedule(name="tri_stage", warmup_ratio=0, decay_ratio=0.1)
    assert rates(config, [0, 90, 95, 100]) == pytest.approx([1, 1, 0.05**0.5, 0.05])
