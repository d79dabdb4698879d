"""Learned vectors among words: what a row of both reads as, and that training reaches the vectors alone or with all."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor

from tasklab.nn.heads.soft_prompts import PromptEncoder, SoftEmbedding

SIZE, COUNT = 6, 3


def filled(kind, rng):
    cell = PromptEncoder(kind, COUNT, SIZE)
    for parameter in cell.get_parameters():
        parameter.set_data(Tensor(0.5 * rng.standard_normal(parameter.shape), ms.float32))
    return cell


def test_ids_behind_the_vocabulary_are_the_prompts_vectors(run, rng):
    words, prompt = rng.standard_normal((5, SIZE)).astype(np.float32), filled("embedding", rng)
    cell = SoftEmbedding(Parameter(Tensor(words), "weight"), prompt)
    ids = np.array([[0, 5, 4], [7, 2, 6]], np.int32)
    table = np.concatenate([words, prompt.weight.asnumpy()])
    np.testing.assert_allclose(run(cell, ids), table[ids], rtol=1e-6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, layer):
    """One way over [T, E] in float64, gates i f g o."""
    w, b, u, c = (p.asnumpy().astype(np.float64) for p in
                  (layer.input.weight, layer.input.bias, layer.hidden.weight, layer.hidden.bias))  # fmt: skip
    h, cell, out = np.zeros(u.shape[1]), np.zeros(u.shape[1]), []
    for row in x:
        i, f, g, o = np.split(w @ row + b + u @ h + c, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(cell)
        out.append(h)
    return np.stack(out)


@pytest.mark.parametrize("kind", ["embedding", "mlp", "lstm"])
def test_encoders_are_those_of_the_paper(run, kind, rng):
    cell = filled(kind, rng)
    x = cell.weight.asnumpy().astype(np.float64)
    if kind == "lstm":
        for layer in cell.recurrent:
            x = np.concatenate([lstm(x, layer.ahead), lstm(x[::-1], layer.back)[::-1]], axis=1)
    if kind != "embedding":
        inner, outer = ([p.asnumpy().astype(np.float64) for p in (d.weight, d.bias)] for d in (cell.inner, cell.outer))
        x = np.maximum(x @ inner[0].T + inner[1], 0) @ outer[0].T + outer[1]
    np.testing.assert_allclose(run(cell), x, rtol=1e-4, atol=1e-5)
