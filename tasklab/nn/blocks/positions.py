"""What attention adds to a pair of tokens for their places alone: T5's learned bias, and the veil over what follows."""

import functools

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.nn.compat import parameter

MASKED = -1e4
"""Added to the scores of padding; not -inf, so that it exists in float16 and a row of padding alone stays finite."""


class RelativePositions(nn.Cell):
    """A learned number per head and bucket of distances (Raffel et al. 2020, section 2.1); `causal` hides what follows.

    S, at most max_tokens, -> [N * S * S] float32, for N heads, queries and keys.
    """

    def __init__(self, num_heads: int, max_tokens: int, causal: bool = False, count: int = 32, max_distance: int = 128):
        super().__init__()
        self.weight = parameter((count, num_heads), "weight")
        self.veil = CausalVeil(num_heads, max_tokens) if causal else None
        self.buckets = _bucket_table(max_tokens, not causal, count, max_distance)

    def construct(self, S):
        bias = ops.gather(self.weight, self.buckets[:S, :S].reshape((-1,)), 0)  # [S * S, N]
        bias = bias.swapaxes(0, 1).reshape((-1,))  # [N * S * S], as SelfAttention adds it
        return bias if self.veil is None else bias + self.veil(S)


class CausalVeil(nn.Cell):
    """MASKED for every key behind its query, else 0. S -> [N * S * S]."""

    def __init__(self, num_heads: int, max_tokens: int):
        super().__init__()
        self.num_heads, self.table = num_heads, _veil_table(max_tokens)

    def construct(self, S):
        return ops.tile(self.table[:S, :S].reshape((-1,)), (self.num_heads,))


def buckets(distances: np.ndarray, both_ways: bool, count: int = 32, max_distance: int = 128) -> np.ndarray:
    """Of key - query: near distances have a bucket each, far ones share, the wider the farther, up to max_distance.

    With both_ways one half of the buckets is for keys behind the query; without, all of these are in bucket 0.
    """
    start = 0
    if both_ways:
        count //= 2  # one half each way; 32 become 16
        start, distances = count * (distances > 0), np.abs(distances)  # keys behind the query: the upper half
    else:
        distances = np.maximum(-distances, 0)
    exact = count // 2  # distances 0 .. exact - 1 have a bucket each
    # 0 at distance `exact`, count - exact at max_distance, in equal steps of the logarithm
    far = np.log(np.maximum(distances, 1) / exact) / np.log(max_distance / exact) * (count - exact)
    return start + np.where(distances < exact, distances, np.minimum(exact + far.astype(np.int64), count - 1))


@functools.cache
def _bucket_table(max_tokens: int, both_ways: bool, count: int, max_distance: int) -> Tensor:
    """[max_tokens, max_tokens] int32; one for all layers."""
    places = np.arange(max_tokens)
    return Tensor(buckets(places[None] - places[:, None], both_ways, count, max_distance).astype(np.int32))


@functools.cache
def _veil_table(max_tokens: int) -> Tensor:
    # above the diagonal, where the key stands behind the query. [max_tokens, max_tokens]
    return Tensor(np.triu(np.full((max_tokens, max_tokens), MASKED), 1), ms.float32)
