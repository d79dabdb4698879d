"""Gradient clipping by global norm and AdamW (Loshchilov & Hutter 2019) over many arrays in one pass, in place.

The compiled pass and its NumPy twin agree within float32 rounding; both are deterministic for any number of threads.
"""

import ctypes
from collections.abc import Sequence

import numpy as np

from tasklab.kernels import build

Arrays = Sequence[np.ndarray]


def adamw_step(
    params: Arrays,
    grads: Arrays,
    moments1: Arrays,
    moments2: Arrays,
    decay_flags: Sequence[bool],
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
    bias_correction: bool = True,
    max_grad_norm: float = 0.0,
    grad_scale: float = 1.0,
    lr_scales: Sequence[float] | None = None,
) -> float:
    """Updates `params` and both moments in place; returns the gradient norm before clipping.

    Args:
        params, grads, moments1, moments2: equally long lists of C-contiguous float32 arrays of equal shapes.
        decay_flags: per array, whether weight decay applies to it.
        step: this step's number, from 1; only bias correction needs it.
        max_grad_norm: clip to this global L2 norm; 0 does not clip.
        grad_scale: factor on all gradients, before the norm (1 / rows, or 1 / accumulated micro-batches).
        lr_scales: factor on `lr` per array, for its decay too; None is 1 for all.
    A norm that is not finite is returned with nothing changed: the caller decides what to do.
    Raises: ValueError for arrays of another type, layout or size.
    """
    correction1 = 1.0 - beta1**step if bias_correction else 1.0
    correction2 = 1.0 - beta2**step if bias_correction else 1.0
    rates = (lr, beta1, beta2, eps, weight_decay, correction1, correction2, max_grad_norm, grad_scale)
    _check(params, grads, moments1, moments2)
    if len(decay_flags) != len(params):
        raise ValueError(f"{len(decay_flags)} decay flags for {len(params)} arrays")
    lr_scales = [1.0] * len(params) if lr_scales is None else lr_scales
    if len(lr_scales) != len(params):
        raise ValueError(f"{len(lr_scales)} learning rate scales for {len(params)} arrays")
    library = build.library()
    if library is None:
        return adamw_step_numpy(params, grads, moments1, moments2, decay_flags, lr_scales, *rates)
    count = len(params)
    run = library.tasklab_adamw
    run.restype = ctypes.c_double
    return run(
        ctypes.c_int64(count),
        *(_pointers(arrays) for arrays in (params, grads, moments1, moments2)),
        _sizes(params),
        (ctypes.c_uint8 * count)(*map(bool, decay_flags)),
        (ctypes.c_double * count)(*lr_scales),
        *map(ctypes.c_double, rates),
    )


def adamw_step_numpy(
    params, grads, moments1, moments2, decay_flags, lr_scales,
    lr, beta1, beta2, eps, weight_decay, correction1, correction2, max_grad_norm, grad_scale,
) -> float:  # fmt: skip
    """The same update in NumPy, for machines without a compiler; corrections are 1 - beta**step, or 1."""
    norm = global_norm_numpy(grads) * abs(grad_scale)
    if not np.isfinite(norm):
        return norm
    clip = max_grad_norm / (norm + 1e-6) if 0 < max_grad_norm < norm else 1.0  # 1e-6 as in torch
    scale, root = np.float32(grad_scale * clip), np.float32(correction2**-0.5)
    rows = zip(params, grads, moments1, moments2, decay_flags, lr_scales, strict=True)
    for param, grad, first, second, decay, lr_scale in rows:
        grad, rate = grad * scale, np.float32(lr * lr_scale / correction1)
        first *= np.float32(beta1)
        first += np.float32(1 - beta1) * grad
        second *= np.float32(beta2)
        second += np.float32(1 - beta2) * grad * grad
        if decay:
            param *= np.float32(1.0 - lr * lr_scale * weight_decay)
        param -= rate * first / (np.sqrt(second) * root + np.float32(eps))
    return norm


def accumulate(sums: Arrays, values: Arrays) -> None:
    """sums[i] += values[i] for every array, in place."""
    _check(sums, values)
    library = build.library()
    if library is None:
        for total, value in zip(sums, values, strict=True):
            total += value
        return
    library.tasklab_accumulate(ctypes.c_int64(len(sums)), _pointers(sums), _pointers(values), _sizes(sums))


def global_norm(arrays: Arrays) -> float:
    """L2 norm over all values of all arrays, accumulated in float64."""
    _check(arrays)
    library = build.library()
    if library is None:
        return global_norm_numpy(arrays)
    library.tasklab_norm.restype = ctypes.c_double
    return library.tasklab_norm(ctypes.c_int64(len(arrays)), _pointers(arrays), _sizes(arrays))


def global_norm_numpy(arrays: Arrays) -> float:
    """`global_norm` without the compiled library."""
    return float(np.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays)))


def _check(first: Arrays, *others: Arrays):
    for arrays in others:
        if len(arrays) != len(first):
            raise ValueError(f"lists of {len(first)} and {len(arrays)} arrays")
    for number, group in enumerate(zip(first, *others, strict=True)):
        for array in group:
            if array.dtype != np.float32 or not array.flags.c_contiguous or array.shape != group[0].shape:
                raise ValueError(
                    f"array {number}: {array.dtype} {array.shape}, expected contiguous float32 {group[0].shape}"
                )


def _pointers(arrays: Arrays):
    return (ctypes.c_void_p * len(arrays))(*(a.__array_interface__["data"][0] for a in arrays))


def _sizes(arrays: Arrays):
    return (ctypes.c_int64 * len(arrays))(*(a.size for a in arrays))
