"""T5's distances in the fused layer: what it computes and learns of them, against the layer from its parts."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from tasklab import kernels
from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.decoder import FusedBlocksLayer
from tasklab.nn.blocks.norm import RMSNorm
from tasklab.nn.blocks.positions import RelativePositions
from tasklab.nn.blocks.transformer import FeedForward, TransformerLayer

H, N, S = 12, 3, 9
pytestmark = pytest.mark.skipif(not kernels.available(), reason="fused kernels do not run here")


def layers(causal, scale):
    """(from parts, fused) with equal random weights."""
    made = []
    for fused in (False, True):
        positions = RelativePositions(N, 16, causal, count=8, max_distance=12)
        attention = SelfAttention(H, N, 0.0, positions, scale, bias=False, documents=True)
        parts = attention, FeedForward(H, 20, "relu", bias=False), lambda: RMSNorm(H), 0.0
        kinds = "relu", "rms", 1e-6, "fp32", causal
        made.append(FusedBlocksLayer(*parts, True, False, *kinds) if fused else TransformerLayer(*parts, True))
    rng = np.random.default_rng(0)
    for one, other in zip(*(cell.trainable_params() for cell in made), strict=True):
        values = Tensor((0.5 * rng.standard_normal(one.shape)).astype(np.float32))
        one.set_data(values)
        other.set_data(values)
    return [cell.set_train(True) for cell in made]


@pytest.mark.parametrize("causal, scale", [(False, False), (True, False), (False, True)])
def test_distances_count_and_learn_as_in_the_layer_from_its_parts(causal, scale, rng):
    documents = np.array([[1] * S, [1] * 5 + [0] * (S - 5)], np.int32)
    x, weight = (rng.standard_normal((2, S, H)).astype(np.float32) for _ in range(2))
    weight[documents == 0] = 0  # rows of padding are meaningless
    found = []
    for cell in layers(causal, scale):
        def loss(x, cell=cell):
            return (cell(x, Tensor(documents)) * Tensor(weight)).sum()

        value, (dx, grads) = ms.value_and_grad(loss, 0, cell.trainable_params())(Tensor(x))
        named = {p.name: g.asnumpy() for p, g in zip(cell.trainable_params(), grads, strict=True)}
        found.append({"": value.asnumpy(), "x": dx.asnumpy()[documents > 0], **named})
    parts, fused = found
    assert np.abs(parts["attention.positions.weight"]).max() > 0.01
    for name, expected in parts.items():
        np.testing.assert_allclose(fused[name], expected, rtol=1e-5, atol=5e-5, err_msg=name)


def test_frozen_distances_get_no_gradient(rng):
    _, fused = layers(False, False)
    fused.attention.positions.weight.requires_grad = False
    fused.leave_out_frozen()
    x, documents = Tensor(rng.standard_normal((1, S, H)).astype(np.float32)), Tensor(np.ones((1, S), np.int32))
    grads = ms.grad(lambda x: fused(x, documents).sum(), None, fused.trainable_params())(x)
    assert len(grads) == len(fused.trainable_params()) and all(np.isfinite(g.asnumpy()).all() for g in grads)
