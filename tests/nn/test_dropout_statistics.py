"""Dropout masks against independent coins: rate, sums along every axis, correlations at every distance.

What independent coins do is derived here, and the bounds with it. A mask is x_i, 1 where value i is dropped, with
probability p; q = 1 - p. All bounds are 5 standard deviations or more (two-sided chance 6e-7) of sums of many thousand
terms, which are nearly normal. The draws are fixed, so a test passes always or never: chance only says what to expect.
"""

import numpy as np
import pytest

from tasklab.nn.blocks.dropout import GOLDEN, dropped

P, Q = 0.1, 0.9
DRAWS = [(seed, site) for seed in (0, 1, 2, 1_000_003) for site in (0, 18)]
SHAPES = [(64, 64, 1024), (8, 12, 128, 128), (30, 12, 33, 33), (7, 61, 312)]  # B S H, B N S S, and odd ones


def mask(shape, seed, site):
    return dropped(np.ones(shape, np.float32), P, seed + GOLDEN * (site + 1)) == 0


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def masks(request):
    return [mask(request.param, *draw) for draw in DRAWS]


def test_the_share_dropped_is_p(masks):
    # N coins: the sum has mean N p and variance N p q
    count = sum(m.size for m in masks)
    assert abs(sum(m.sum() for m in masks) - count * P) < 5 * (count * P * Q) ** 0.5


def spread(masks, axes):
    """How far the squares of the sums along `axes` are from those of independent coins, in standard deviations.

    A sum S of n coins is binomial, z = (S - n p) / sqrt(n p q) has E z^2 = 1 and E z^4 = 3 + (1 - 6 p q) / (n p q), so
    Var z^2 = 2 + (1 - 6 p q) / (n p q). The M sums of disjoint values are independent: the sum of z^2 has mean M and
    variance M Var z^2.
    """
    coins = np.prod([masks[0].shape[a] for a in axes])
    squares = [(m.sum(axes) - coins * P) ** 2 / (coins * P * Q) for m in masks]
    sums = sum(s.size for s in squares)
    return (sum(s.sum() for s in squares) - sums) / (sums * (2 + (1 - 6 * P * Q) / (coins * P * Q))) ** 0.5


def test_sums_along_every_axis_vary_as_those_of_coins(masks):
    # hashed as index ^ key: 26 along the second axis of (64, 64, 1024), -5.9 and 5.4 along those of (8, 12, 128, 128)
    rank = masks[0].ndim
    for axis in range(rank):
        assert abs(spread(masks, (axis,))) < 5


def test_sums_across_every_axis_vary_as_those_of_coins(masks):
    # the share dropped in each row of the batch, head, position, hidden unit: all axes but one are summed
    rank = masks[0].ndim
    for axis in range(rank):
        assert abs(spread(masks, tuple(a for a in range(rank) if a != axis))) < 5


def correlations(masks):
    """Correlations of value i with value i + d, in standard deviations of independent coins. [d], for d = 1, 2, ...

    With z_i = (x_i - p) / sqrt(p q), of mean 0 and variance 1, the products z_i z_(i + d) of one distance have mean 0
    and variance 1, and any two of them are uncorrelated, also where they share a value: E z_i z_(i + d)^2 z_(i + 2 d) =
    E z_i E z_(i + d)^2 E z_(i + 2 d) = 0. A sum of N - d of them has variance N - d. The sums for all d at once are the
    inverse Fourier transform of the power spectrum (Wiener and Khinchin), with zeros behind so that nothing wraps.
    """
    total, size = 0.0, masks[0].size
    for m in masks:
        spectrum = np.fft.rfft((m.reshape(-1) - P) / (P * Q) ** 0.5, 2 * size)
        total = total + np.fft.irfft(spectrum * spectrum.conj())[1 : size // 2]
    return total / (len(masks) * np.arange(size - 1, size // 2, -1)) ** 0.5


def test_no_distance_correlates_more_than_coins():
    # The largest of m normal values exceeds t with chance 2 m (1 - Phi(t)) at most: 2 x 2**17 x 9.9e-10 = 2.6e-4 for
    # m = 2**17 distances and t = 6; a correlation of 6 / sqrt(4 x 2**20) = 0.003 is found. Rows of hidden units and of
    # scores are such distances, 12,288 = 16 x 768 and 20,480 = 160 x 128 among them. index ^ key gave 8.6.
    found = np.abs(correlations([mask((2**20,), *draw) for draw in DRAWS[:4]])[: 2**17])
    assert len(found) == 2**17 and found.max() < 6


@pytest.mark.parametrize("distance", [12_288, 20_480, 1_572_840])
def test_the_distances_that_correlated_with_an_xor_no_longer_do(distance):
    # index ^ key: 21, 23 and 77 standard deviations over these draws, that is correlations of 0.004, 0.004 and 0.017
    z = [(mask((2**22,), *draw) - np.float32(P)) / np.float32((P * Q) ** 0.5) for draw in DRAWS]
    products = sum(float((m[distance:] * m[:-distance]).sum(dtype=np.float64)) for m in z)
    assert abs(products) < 5 * (len(z) * (2**22 - distance)) ** 0.5
