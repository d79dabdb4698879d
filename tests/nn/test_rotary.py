"""Angles of rotary positions, by hand and by transformers' rule for Llama 3.1."""

import math

import numpy as np
import pytest

from tasklab.nn.rotary import RopeScaling, rotary_tables


def test_pairs_turn_by_powers_of_the_base():
    cosines, sines = rotary_tables(3, 4, theta=100.0)  # radians per token: 1, and 100^(-2/4) = 0.1
    assert cosines.dtype == sines.dtype == np.float32
    np.testing.assert_allclose(cosines[2], [math.cos(2), math.cos(0.2)], rtol=1e-7)
    np.testing.assert_allclose(sines[2], [math.sin(2), math.sin(0.2)], rtol=1e-7)
    assert cosines[0].tolist() == [1, 1] and sines[0].tolist() == [0, 0]


def test_llama_3_stretches_slow_pairs_alone():
    """By hand for 8 times 1000 tokens: 0.1 radians are 15.9 turns, kept; 0.01 are 1.59, between; 0.001 are 0.159."""
    scaled = RopeScaling(8.0, 1.0, 4.0, 1000)(np.array([0.1, 0.01, 0.001]))
    kept = (1000 * 0.01 / (2 * math.pi) - 1) / 3  # 0.197
    np.testing.assert_allclose(scaled, [0.1, 0.01 * (kept + (1 - kept) / 8), 0.001 / 8])


def test_no_place_between_low_and_high_is_refused():
    with pytest.raises(ValueError, match=r"low is 4\.0 turns, high 4\.0"):
        RopeScaling(8.0, 4.0, 4.0)
