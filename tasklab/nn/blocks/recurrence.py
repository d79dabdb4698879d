"""One recurrent layer over a batch as a single operator: Elman's net (1990), the LSTM (Hochreiter & Schmidhuber 1997,
with a forget gate: Gers et al. 2000), the GRU (Cho et al. 2014, with a bias inside the reset as in PyTorch and cuDNN).

On CPU NumPy does the steps. MindSpore 2.9's own LSTM unrolls the sequence into the graph as soon as it is told the
lengths: 32 rows of 128 tokens, 256 wide, take 22 s to compile and 3 s per training step on one core, this 0.5 s and
0.26 s (PyTorch 2.13: 0.23 s).
B rows, S steps, H hidden size, G = gates * H, K = kept * H.
"""

import functools

import mindspore as ms
import numpy as np
from mindspore import nn, ops

from tasklab.kernels import runtime
from tasklab.nn.blocks.activations import activation
from tasklab.nn.compat import runs_numpy


def recurrence(kind: str) -> nn.Cell:
    """A cell (inputs [B, S, G], weight [G, H], bias [G]) -> hidden [B, S, H], its state before the first step 0.

    inputs are what each token adds to the gates; weight and bias add their part from the last hidden state. Gates stand
    in the order of PyTorch: lstm i f g o, gru r z n.
    """
    return NumpyRecurrence(kind) if runs_numpy() else _RecurrenceByOperators(kind)


def _sigmoid(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5  # never overflows; 1 / (1 + exp(-x)) does


class RNN:
    gates, kept = 1, 1

    @staticmethod
    def step(x, a, h, before, out, kept):
        np.tanh(x + a, out=out)  # [B, H]
        kept[:] = out

    @staticmethod
    def back(dh, carry, h, before, kept, dx, da):
        dx[:] = da[:] = dh * (1 - kept * kept)  # tanh' = 1 - tanh^2
        return 0, 0


class LSTM:
    gates, kept = 4, 5  # i f g o c

    @staticmethod
    def step(x, a, h, before, out, kept):
        H = h.shape[1]
        gates, cell = kept[:, : 4 * H], kept[:, 4 * H :]
        np.add(x, a, out=gates)  # [B, 4 H]
        gates[:, : 2 * H] = _sigmoid(gates[:, : 2 * H])  # i and f
        gates[:, 2 * H : 3 * H] = np.tanh(gates[:, 2 * H : 3 * H])
        gates[:, 3 * H :] = _sigmoid(gates[:, 3 * H :])
        i, f, g, o = np.split(gates, 4, axis=1)
        cell[:] = f * before[:, 4 * H :] + i * g  # [B, H]; before[:, 4 H:] is the cell of the step before
        out[:] = o * np.tanh(cell)

    @staticmethod
    def back(dh, carry, h, before, kept, dx, da):
        i, f, g, o, c = np.split(kept, 5, axis=1)
        squashed = np.tanh(c)
        dc = carry + dh * o * (1 - squashed * squashed)  # [B, H], through the next step and through the output
        last = before[:, -h.shape[1] :]  # cell of the step before
        # sigmoid' = s (1 - s), tanh' = 1 - t^2, for i, f, g, o
        grads = (dc * g * i * (1 - i), dc * last * f * (1 - f), dc * i * (1 - g * g), dh * squashed * o * (1 - o))
        dx[:] = da[:] = np.concatenate(grads, axis=1)
        return 0, dc * f


class GRU:
    gates, kept = 3, 4  # r z n, and what r is multiplied by

    @staticmethod
    def step(x, a, h, before, out, kept):
        H = h.shape[1]
        kept[:, : 2 * H] = _sigmoid(x[:, : 2 * H] + a[:, : 2 * H])
        kept[:, 3 * H :] = a[:, 2 * H :]  # q, of h alone: r works on it after the product
        r, z, n, q = np.split(kept, 4, axis=1)
        np.tanh(x[:, 2 * H :] + r * q, out=n)
        out[:] = n + z * (h - n)  # (1 - z) n + z h

    @staticmethod
    def back(dh, carry, h, before, kept, dx, da):
        r, z, n, q = np.split(kept, 4, axis=1)
        dn = dh * (1 - z) * (1 - n * n)  # [B, H] before the tanh
        dx[:] = da[:] = np.concatenate((dn * q * r * (1 - r), dh * (h - n) * z * (1 - z), dn), axis=1)
        da[:, 2 * h.shape[1] :] *= r  # what h adds to n passes r, what x adds does not
        return dh * z, 0


KINDS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
"""`step` writes `out` [B, H] and `kept` [B, K] from the step before (h, before). `back` writes the gradients of x and
of what h adds, and returns the gradient of h past the gates, and the `carry` for the step before."""


def forward(kind, x, weight, bias):
    """hidden [B, S, H], and what `backward` needs, [S, B, K]."""
    x = np.ascontiguousarray(x.swapaxes(0, 1))  # [S, B, G]: each step one block of memory
    (S, B, _), H = x.shape, weight.shape[1]
    hidden, kept = np.empty((S + 1, B, H), x.dtype), np.empty((S + 1, B, kind.kept * H), x.dtype)
    hidden[0] = kept[0] = 0  # place 0 is the state before the first token
    for t in range(S):
        kind.step(x[t], hidden[t] @ weight.T + bias, hidden[t], kept[t], hidden[t + 1], kept[t + 1])
    return np.ascontiguousarray(hidden[1:].swapaxes(0, 1)), kept[1:]


def backward(kind, dout, hidden, kept, weight):
    """Gradients of inputs, weight and bias from that of hidden."""
    dout, hidden = dout.swapaxes(0, 1), hidden.swapaxes(0, 1)
    (S, B, H), G = hidden.shape, weight.shape[0]
    # [S, B, H], the state that each step began with
    before_h = np.concatenate((np.zeros((1, B, H), hidden.dtype), hidden[:-1]))
    nothing = np.zeros_like(kept[0])
    dx, da = np.empty((S, B, G), hidden.dtype), np.empty((S, B, G), hidden.dtype)
    dh = carry = 0
    for t in reversed(range(S)):
        before = kept[t - 1] if t else nothing
        past, carry = kind.back(dout[t] + dh, carry, before_h[t], before, kept[t], dx[t], da[t])
        dh = past + da[t] @ weight  # [B, H]: past the gates, and through them
    flat = da.reshape(-1, G)  # [S * B, G]: one product for all steps
    return np.ascontiguousarray(dx.swapaxes(0, 1)), flat.T @ before_h.reshape(-1, H), flat.sum(axis=0)


@functools.cache
def _operator(name: str):
    runtime.run_inline()  # else a spinning thread holds up Python, see kernels/runtime.py
    kind = KINDS[name]

    def shapes(x, weight, bias):
        return [x[0], x[1], weight[1]], [x[1], x[0], kind.kept * weight[1]]  # hidden [B, S, H], kept [S, B, K]

    def grad_shapes(dout, hidden, kept, weight):
        return [hidden[0], hidden[1], weight[0]], weight, weight[:1]

    def values(x, weight, bias):
        return forward(kind, x, weight, bias)

    def gradients(dout, hidden, kept, weight):
        return backward(kind, dout, hidden, kept, weight)

    back = ops.Custom(gradients, grad_shapes, lambda dout, hidden, kept, weight: (dout, dout, dout), "pyfunc")

    def bprop(x, weight, bias, out, dout):
        return back(dout[0], out[0], out[1], weight)

    return ops.Custom(values, shapes, lambda x, weight, bias: (x, x), "pyfunc", bprop)


class NumpyRecurrence(nn.Cell):
    """Runs in this process only: what it does is no part of a saved graph."""

    def __init__(self, kind: str):
        super().__init__()
        self.operator = _operator(kind)

    def construct(self, x, weight, bias):
        return self.operator(x, weight, bias)[0]


class _RecurrenceByOperators(nn.Cell):
    """The same, one step after another in the graph; for accelerators."""

    def __init__(self, kind: str):
        super().__init__()
        self.kind, self.product, self.tanh = kind, ops.MatMul(transpose_b=True), activation("tanh")

    def construct(self, x, weight, bias):
        B, S, _ = x.shape
        H = weight.shape[1]
        h = c = ops.zeros((B, H), ms.float32)
        hidden = ()
        for t in range(S):
            a = self.product(h, weight) + bias  # [B, G]
            if self.kind == "rnn":
                h = self.tanh(x[:, t] + a)
            elif self.kind == "lstm":
                i, f, g, o = ops.split(x[:, t] + a, H, axis=1)
                c = ops.sigmoid(f) * c + ops.sigmoid(i) * self.tanh(g)
                h = ops.sigmoid(o) * self.tanh(c)
            else:
                (r, z, n), (hr, hz, q) = ops.split(x[:, t], H, axis=1), ops.split(a, H, axis=1)
                n, z = self.tanh(n + ops.sigmoid(r + hr) * q), ops.sigmoid(z + hz)
                h = n + z * (h - n)
            hidden += (h,)
        return ops.stack(hidden, axis=1)  # [B, S, H]
