"""The fused optimizer against float64 arithmetic and against its NumPy twin."""

import numpy as np
import pytest

from tasklab.kernels import build, optimizer

SHAPES = [(3,), (70001,), (5, 7), (0,), (1,)]  # 70001 spans three blocks with a ragged end
RATES = dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01)


@pytest.fixture(params=["compiled", "numpy"])
def path(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(build, "library", lambda: None)
    elif build.library() is None:
        pytest.skip(build.why_not())
    return request.param


def arrays(seed, scale=1.0):
    random = np.random.default_rng(seed)
    return [(scale * random.standard_normal(shape)).astype(np.float32) for shape in SHAPES]


def reference(params, grads, decay, steps, clip, scale, corrected, lr_scales=(1.0,) * 5):
    """Loshchilov & Hutter 2019, algorithm 2, in float64; clipping as in torch.nn.utils.clip_grad_norm_."""
    params, m, v = ([a.astype(np.float64) * k for a in params] for k in (1, 0, 0))
    g = [scale * a.astype(np.float64) for a in grads]
    norm = np.sqrt(sum((a**2).sum() for a in g))
    if clip and norm > clip:
        g = [a * clip / (norm + 1e-6) for a in g]
    for t in range(1, steps + 1):
        for i in range(len(params)):
            lr = RATES["lr"] * lr_scales[i]
            params[i] *= 1 - lr * RATES["weight_decay"] * decay[i]
            m[i] = 0.9 * m[i] + 0.1 * g[i]
            v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2
            c1, c2 = (1 - 0.9**t, 1 - 0.999**t) if corrected else (1, 1)
            params[i] -= lr * (m[i] / c1) / (np.sqrt(v[i] / c2) + 1e-8)
    return params, norm


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("clip", [0.0, 1.0, 1e6])
def test_three_steps_equal_float64_arithmetic(path, clip, corrected):
    params, grads = arrays(0), arrays(1)
    decay = [True, True, False, True, False]
    expected, expected_norm = reference(params, grads, decay, 3, clip, 0.25, corrected)
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    for step in (1, 2, 3):
        norm = optimizer.adamw_step(
            params, grads, first, second, decay, **RATES, step=step,
            bias_correction=corrected, max_grad_norm=clip, grad_scale=0.25,
        )  # fmt: skip
    assert norm == pytest.approx(expected_norm, rel=1e-9)
    for got, want in zip(params, expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_each_array_learns_and_decays_at_its_own_rate(path):
    params, grads = arrays(0), arrays(1)
    decay, scales = [True, True, False, True, False], [1.0, 0.5, 0.25, 1.0, 0.0]
    expected, _ = reference(params, grads, decay, 3, 1.0, 1.0, True, scales)
    untouched = params[4].copy()
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    for step in (1, 2, 3):
        optimizer.adamw_step(
            params, grads, first, second, decay, **RATES, step=step, max_grad_norm=1.0, lr_scales=scales
        )
    for got, want in zip(params, expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
    np.testing.assert_array_equal(params[4], untouched)  # scale 0 holds an array still


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_changes_nothing(path, bad):
    params, grads = arrays(0), arrays(1)
    grads[1][12345] = bad
    before = [p.copy() for p in params]
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    norm = optimizer.adamw_step(params, grads, first, second, [True] * 5, **RATES, step=1, max_grad_norm=1.0)
    assert not np.isfinite(norm)
    assert all(np.array_equal(a, b) for a, b in zip(params, before, strict=True))
    assert not any(m.any() for m in first)


def test_the_norm_has_the_same_bits_for_any_number_of_threads():
    library = build.library()
    if library is None:
        pytest.skip(build.why_not())
    grads, norms = arrays(3), set()
    try:
        for threads in (1, 2, 5):
            library.tasklab_set_threads(threads)
            norms.add(optimizer.global_norm(grads))
    finally:
        library.tasklab_set_threads(build.thread_count())
    assert len(norms) == 1


def test_accumulate_adds_in_place(path):
    sums, values = arrays(0), arrays(1)
    expected = [a + b for a, b in zip(sums, values, strict=True)]
    optimizer.accumulate(sums, values)
    assert all(np.array_equal(a, b) for a, b in zip(sums, expected, strict=True))


def test_arrays_of_another_type_are_refused(path):
    wrong = [np.zeros(3)]
    with pytest.raises(ValueError, match="array 0: float64"):
        optimizer.accumulate(wrong, wrong)
