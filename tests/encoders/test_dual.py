"""Two texts of a row, each read as if it stood alone."""

import numpy as np
import pytest
from small_encoders import built

IDS = np.array([[3, 5, 2, 7, 2, 0], [4, 2, 9, 0, 0, 0], [1, 6, 2, 0, 0, 0]], np.int32)
MASK = (IDS > 0).astype(np.int32)
TYPES = np.array([[0, 0, 0, 1, 1, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], np.int32)  # the last row has one text


@pytest.mark.parametrize("dual", ["tied", "apart"])
@pytest.mark.parametrize("name", ["bigru", "bert", "cnn"])
def test_each_text_is_read_as_if_it_stood_alone(run, name, dual):
    network = built(name, dual=dual)
    assert (network.second is None) is (dual == "tied")
    hidden = run(network, IDS, MASK, TYPES)
    for row in range(3):
        for text, tower in ((0, network.first), (1, network.second or network.first)):
            place = np.flatnonzero((TYPES[row] == text) & (MASK[row] == 1))
            if len(place):
                ids = IDS[row : row + 1, place]
                alone = run(tower, ids, np.ones_like(ids), np.zeros_like(ids))
                np.testing.assert_allclose(hidden[row, place], alone[0], atol=1e-5)
