import numpy as np
import pytest

from tasklab.errors import CheckpointError

ms = pytest.importorskip("mindspore")


def network():
    class Net(ms.nn.Cell):
        def __init__(self):
            super().__init__()
            self.encoder = ms.nn.Dense(3, 2)
            self.head = ms.nn.Dense(2, 2)

    return Net()


def values(cell):
    return {name: parameter.asnumpy().copy() for name, parameter in cell.parameters_and_names()}


def test_values_arrive_and_the_ledger_lists_them():
    from tasklab.weights.loading import load_into

    cell = network()
    before = values(cell)
    tensors = {
        "encoder.weight": np.arange(6, dtype=np.float16).reshape(2, 3),
        "encoder.bias": np.array([7.0, 8.0], np.float32),
        "encoder.pooler.bias": np.ones(2, np.float32),
    }
    ledger = load_into(cell, tensors, "finetune", "tiny")
    after = values(cell)
    np.testing.assert_array_equal(after["encoder.weight"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(after["encoder.bias"], [7, 8])
    np.testing.assert_array_equal(after["head.weight"], before["head.weight"])
    assert after["encoder.weight"].dtype == np.float32
    assert ledger.render("tiny").splitlines() == [
        "weights tiny: loaded 2 of 4 (100.0 % of encoder), new 2: head (weight, bias), "
        "dropped 1: encoder.pooler (bias)",
        "  cast 1 tensors from float16 to float32",
    ]


def test_a_refused_load_changes_nothing():
    from tasklab.weights.loading import load_into

    cell = network()
    before = values(cell)
    tensors = {name: array + 1 for name, array in before.items()}
    tensors["encoder.weight"] = np.zeros((2, 4), np.float32)
    with pytest.raises(CheckpointError, match="encoder.weight"):
        load_into(cell, tensors, "strict", "tiny")
    for name, array in values(cell).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_later_change_of_the_file_arrays_does_not_reach_the_network():
    from tasklab.weights.loading import load_into

    cell = network()
    tensors = {name: array.copy() for name, array in values(cell).items()}
    load_into(cell, tensors, "strict", "tiny")
    expected = tensors["head.bias"].copy()
    tensors["head.bias"] += 1
    np.testing.assert_array_equal(values(cell)["head.bias"], expected)
