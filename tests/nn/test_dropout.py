"""The dropout formula of nn/blocks/dropout.py, computed here a second time with NumPy's uint32."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, nn

from tasklab.nn.blocks.dropout import CHUNK, Dropout, _DropByOperators, _hash, bind_dropout

SHAPES = [(7,), (1, 1), (5, 1), (2, 3, 4, 5), (3, 129, 17), (1, CHUNK + 3)]


@pytest.fixture(autouse=True)
def _mode_is_restored():
    mode = ms.get_context("mode")
    yield
    ms.set_context(mode=mode)


def fmix32(h):
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return h ^ h >> np.uint32(16)


def kept(shape, p, seed, site):
    key = fmix32(np.array([(seed + 0x9E3779B9 * (site + 1)) % 2**32], np.uint32))
    u = fmix32(np.arange(np.prod(shape), dtype=np.uint32) * np.uint32(0x9E3779B9) + key)
    return ((u >> np.uint32(1)) >= np.uint32(int(p * 2**31))).reshape(shape)


def dropout(p, seed, site, by_operators=False):
    cell = Dropout(p)
    if by_operators:
        cell.drop = _DropByOperators(p)
    cell.bind(Parameter(Tensor(seed, ms.int32), name="seed", requires_grad=False), site)
    return cell.set_train(True)


def test_the_finalizer_is_murmurhash3s():
    # smhasher, MurmurHash3.cpp fmix32: 0 stays 0, and 1 becomes 0x514E28B7
    assert [int(v) for v in fmix32(np.array([0, 1], np.uint32))] == [0, 0x514E28B7]


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
@pytest.mark.parametrize("by_operators", [False, True], ids=["numpy", "operators"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_value_is_dropped_as_the_formula_says(run, rng, shape, by_operators, mode):
    ms.set_context(mode=mode)
    x = rng.standard_normal(shape).astype(np.float32)
    for p, seed, site in ((0.1, 0, 0), (0.5, 2**31 - 1, 17)):
        expected = np.where(kept(shape, p, seed, site), x * np.float32(1 / (1 - p)), 0)
        got = run(dropout(p, seed, site, by_operators), x)
        assert np.array_equal(got == 0, expected == 0)
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_indices_near_2_to_the_32_are_hashed_exactly_and_wrap_around():
    # 613,566,756 rows of 7 values are 2**32 - 4; Python's integers give the low 32 bits of index * GOLDEN + key
    key, row, columns = 0xDEADBEEF, 613_566_755, 7
    index = [row * columns + i for i in range(2 * columns)]
    assert index[0] < 2**32 < index[-1]
    expected = fmix32(np.array([(i * 0x9E3779B9 + key) % 2**32 for i in index], np.uint32))
    by_numpy = np.empty(len(index), np.uint32)
    _hash(index[0], key, by_numpy, np.empty_like(by_numpy))
    assert np.array_equal(by_numpy, expected)
    rows, signed = np.array([row, row + 1], np.int32), np.array(key, np.uint32).view(np.int32)
    by_operators = _DropByOperators(0.1).hash(Tensor(rows), columns, Tensor(signed))
    assert np.array_equal(by_operators.asnumpy().view(np.uint32).reshape(-1), expected)


@pytest.mark.parametrize("by_operators", [False, True], ids=["numpy", "operators"])
def test_the_gradient_passes_where_the_value_did(rng, by_operators):
    x = Tensor(rng.standard_normal((4, 9)).astype(np.float32))
    got = ms.grad(dropout(0.3, 11, 2, by_operators))(x).asnumpy()
    np.testing.assert_allclose(got, kept((4, 9), 0.3, 11, 2) / 0.7, rtol=1e-6)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_kept_is_near_1_minus_p(run, p):
    share = (run(dropout(p, 3, 1), np.ones((500, 400), np.float32)) != 0).mean()
    assert share == pytest.approx(1 - p, abs=4 * (p * (1 - p) / 200_000) ** 0.5)  # 4 standard deviations of a fair draw


def test_sites_and_seeds_draw_independently():
    # 100,000 pairs of fair bits agree in half of the cases; 0.008 is 5 standard deviations
    one = kept((100_000,), 0.5, 1, 0)
    for other in (kept((100_000,), 0.5, 2, 0), kept((100_000,), 0.5, 1, 1)):
        assert (one == other).mean() == pytest.approx(0.5, abs=0.008)


@pytest.mark.parametrize("cell", [Dropout(0.5).set_train(False), Dropout(0.0).set_train(True)], ids=["eval", "p=0"])
def test_without_training_or_at_0_nothing_changes(run, rng, cell):
    x = rng.standard_normal((3, 4)).astype(np.float32)
    assert np.array_equal(run(cell, x), x)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
def test_training_without_a_seed_is_an_error(run, mode):
    ms.set_context(mode=mode)
    with pytest.raises(ValueError, match="call bind_dropout"):
        run(Dropout(0.5).set_train(True), np.ones((2, 2), np.float32))


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_a_probability_outside_0_to_1_is_refused(p):
    with pytest.raises(ValueError, match=r"is not in \[0, 1\)"):
        Dropout(p)


class Two(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first, self.second = Dropout(0.5), Dropout(0.5)

    def construct(self, x):
        return self.first(x), self.second(x)


def test_binding_numbers_the_cells_shares_one_seed_and_hides_it():
    network = Two()
    seed = bind_dropout(network)
    assert (network.first.site, network.second.site) == (0, 1)
    assert network.first.seed is seed and network.second.seed is seed
    assert bind_dropout(network) is seed
    assert not list(network.get_parameters())
    assert seed.dtype == ms.int32 and not seed.requires_grad


def test_a_new_seed_reaches_a_compiled_graph(run):
    ms.set_context(mode=ms.GRAPH_MODE)
    network, x = Two(), np.ones((20, 10), np.float32)
    seed = bind_dropout(network)
    network.set_train(True)
    for value in (1, 2):
        seed.set_data(Tensor(value, ms.int32))
        for site, got in enumerate(run(network, x)):
            assert np.array_equal(got != 0, kept(x.shape, 0.5, value, site))
