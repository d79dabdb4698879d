"""Adafactor's step (Shazeer & Stern 2018, algorithms 4 and 5, no momentum) over many arrays in NumPy, in place.

Large arrays are worked on in blocks that stay in the processor's cache: three passes over the gradients, one over the
parameters, and no second array of their size. Sums take one order, so that equal inputs give equal bits.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tasklab.kernels.optimizer import global_norm

Arrays = Sequence[np.ndarray]

EPS = 1e-30  # added to squared gradients, as in UER-py and transformers
LEAST_SCALE = 1e-3  # scale_parameter: a weight of zeros moves too
MEANS = {2: ("row", "column"), 1: ("square",)}
"""Names of what is kept: means over the columns [..., R] and over the rows [..., C], or every square of a vector."""

BLOCK = 1 << 16  # values, 256 KiB


def mean_shapes(shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Shapes of what is kept for a parameter."""
    return (shape[:-1], shape[:-2] + shape[-1:]) if len(shape) > 1 else (shape,)


def adafactor_step(
    params: Arrays,
    grads: Arrays,
    squares: Sequence[tuple[np.ndarray, ...]],
    weight_decays: Sequence[float],
    lrs: Sequence[float],
    rest: float,
    clip_threshold: float = 1.0,
    scale_parameter: bool = False,
    max_grad_norm: float = 0.0,
    grad_scale: float = 1.0,
) -> float:
    """Updates `params` and `squares` in place; returns the global gradient norm before clipping.

    Args:
        params, grads: equally long lists of C-contiguous float32 arrays of equal shapes.
        squares: per array, float32 arrays of `mean_shapes`.
        weight_decays, lrs: per array; what decays is rate * decay * value.
        rest: share of the new squares in the means, step ** decay_rate: 1 at the first step.
        clip_threshold: most that the root mean square of an array's update may be, before the rate.
        scale_parameter: rates are relative to the root mean square of each array.
        max_grad_norm: clip to this global L2 norm; 0 does not clip.
        grad_scale: factor on all gradients, before the norm.
    A norm that is not finite is returned with nothing changed: the caller decides what to do.
    """
    norm = global_norm(grads) * abs(grad_scale)
    if not np.isfinite(norm):
        return norm
    scale = grad_scale * (max_grad_norm / (norm + 1e-6) if 0 < max_grad_norm < norm else 1.0)  # 1e-6 as in torch
    for param, grad, means, decay, lr in zip(params, grads, squares, weight_decays, lrs, strict=True):
        if not param.size:
            continue
        if scale_parameter:
            lr *= max(LEAST_SCALE, _rms(param))
        update = _factored if len(means) == 2 else _plain
        update(param, grad, means, scale, rest, lr, decay, clip_threshold)
    return norm


def _plain(param, grad, means, scale, rest, lr, decay, clip_threshold):
    grad, (squares,) = grad * np.float32(scale), means
    _follow(squares, np.square(grad) + np.float32(EPS), rest)
    update = grad / np.sqrt(squares)
    rate = lr / max(1.0, _rms(update) / clip_threshold)
    param -= np.float32(lr * decay) * param + np.float32(rate) * update


def _factored(param, grad, means, scale, rest, lr, decay, clip_threshold):
    rows, columns = param.shape[-2:]
    param, grad = param.reshape(-1, rows, columns), grad.reshape(-1, rows, columns)  # [N, R, C], views
    row, column = means[0].reshape(-1, rows), means[1].reshape(-1, columns)  # [N, R], [N, C]
    of_rows, of_columns = np.empty(row.shape), np.zeros(column.shape)  # sums of squares, float64
    for block in _blocks(grad.shape):
        part = grad[block]
        of_rows[block] = np.einsum("nrc,nrc->nr", part, part)
        of_columns[block[0]] += np.einsum("nrc,nrc->nc", part, part)
    _follow(row, scale**2 / columns * of_rows + EPS, rest)
    _follow(column, scale**2 / rows * of_columns + EPS, rest)
    by_row = 1 / np.sqrt(row / row.mean(axis=-1, keepdims=True))  # [N, R]
    by_column = 1 / np.sqrt(column)  # [N, C]
    total = 0.0  # of the squared update, gradient * by_row * by_column
    for block in _blocks(grad.shape):
        part = grad[block] * by_column[block[0], None]
        total += float(np.sum(np.square(by_row[block]) * np.einsum("nrc,nrc->nr", part, part), dtype=np.float64))
    rms = abs(scale) * (total / param.size) ** 0.5
    by_row *= np.float32(scale * lr / max(1.0, rms / clip_threshold))
    for block in _blocks(grad.shape):
        if decay:
            param[block] *= np.float32(1.0 - lr * decay)
        param[block] -= grad[block] * by_row[block][..., None] * by_column[block[0], None]


def _follow(means: np.ndarray, new: np.ndarray, rest: float):
    """means = (1 - rest) * means + rest * new, in place."""
    means *= np.float32(1.0 - rest)
    means += (rest * new).astype(np.float32)


def _rms(array: np.ndarray) -> float:
    return float(np.sqrt(np.square(array, dtype=np.float64).mean()))


def _blocks(shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice]]:
    """Cuts [N, R, C] into pieces of some matrices, or of some rows of one."""
    count, rows, columns = shape
    most = max(1, BLOCK // columns)  # rows in a block
    if rows <= most:
        for start in range(0, count, most // rows):
            yield slice(start, start + most // rows), slice(None)
        return
    for matrix in range(count):
        for start in range(0, rows, most):
            yield slice(matrix, matrix + 1), slice(start, start + most)
