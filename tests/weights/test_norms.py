"""UER-py's norm, g (x - mean) / (std + 1e-6) with the deviation over n - 1 values (uer/layers/layer_norm.py)."""

import numpy as np

from tasklab.weights.norms import from_unbiased, to_unbiased


def test_the_usual_norm_gives_uers_numbers(rng):
    x, gamma = rng.standard_normal((4, 6)), rng.standard_normal(6).astype(np.float32)
    theirs = gamma * (x - x.mean(-1, keepdims=True)) / (x.std(-1, ddof=1, keepdims=True) + 1e-6)
    norm = {"encoder.embeddings.norm.weight": gamma, "encoder.embeddings.norm.bias": np.zeros(6, np.float32)}
    read, line = from_unbiased({**norm, "head.nsp.weight": gamma[:2]})
    ours = np.asarray(read["encoder.embeddings.norm.weight"]) * (x - x.mean(-1, keepdims=True))
    ours = ours / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(read["head.nsp.weight"]), gamma[:2])
    assert "1 norms were multiplied" in line
    back, _ = to_unbiased(read)
    np.testing.assert_allclose(np.asarray(back["encoder.embeddings.norm.weight"]), gamma, rtol=3e-7)


def test_a_norm_by_the_root_mean_square_stays_as_it_is(rng):
    gamma = rng.standard_normal(6).astype(np.float32)  # T5's has no bias and no deviation
    read, line = from_unbiased({"encoder.norm.weight": gamma})
    np.testing.assert_array_equal(np.asarray(read["encoder.norm.weight"]), gamma)
    assert line == ""
