"""Waiting for a graph must not cost processor time."""

import time

import numpy as np
import pytest

from tasklab import kernels
from tasklab.kernels import build, runtime

if not kernels.available():
    pytest.skip(kernels.why_not(), allow_module_level=True)

import mindspore as ms  # noqa: E402
from mindspore import Parameter, ParameterTuple, Tensor, nn  # noqa: E402

from tasklab.kernels.ops import FusedEncoderLayer  # noqa: E402

H, INNER = 256, 1024


class Layer(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fused = FusedEncoderLayer(4)
        shapes = [(H, H), (H,)] * 4 + [(H,), (H,), (INNER, H), (INNER,), (H, INNER), (H,), (H,), (H,)]
        values = [Tensor(np.full(s, 0.01, np.float32)) for s in shapes]
        self.w = ParameterTuple([Parameter(v, name=f"w{i}") for i, v in enumerate(values)])

    def construct(self, x, mask):
        w = self.w
        attention = (w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9])
        return self.fused(x, mask, *attention, w[10], w[11], w[12], w[13], w[14], w[15])


def test_no_thread_spins_while_a_training_graph_runs():
    if not runtime.run_inline():
        pytest.skip("this MindSpore has no such switch")
    layer = Layer().set_train()

    def total(x, mask):
        return layer(x, mask).sum()

    step = ms.jit(ms.value_and_grad(total, None, layer.trainable_params()))
    inputs = Tensor(np.full((8, 128, H), 0.01, np.float32)), Tensor(np.ones((8, 128), np.int32))
    step(*inputs)[0].asnumpy()
    build.library().tasklab_set_threads(1)
    try:
        mine, all_threads = time.thread_time(), time.process_time()
        for _ in range(5):
            step(*inputs)[0].asnumpy()
        mine, all_threads = time.thread_time() - mine, time.process_time() - all_threads
    finally:
        build.library().tasklab_set_threads(build.thread_count())
    assert mine > 0.9 * all_threads  # the caller does the work; spinning beside a worker it had less than half
