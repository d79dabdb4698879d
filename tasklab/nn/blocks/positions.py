"""What attention adds to a pair of tokens for their places alone: T5's learned bias, and the veil over what follows."""

import functools

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.nn.compat import parameter
from tasklab.nn.places import buckets

MASKED = -1e4
"""Added to the scores of padding; not -inf, so that it exists in float16 and a row of padding alone stays finite."""


class RelativePositions(nn.Cell):
    """A learned number per head and bucket of distances (Raffel et al. 2020, section 2.1); `causal` hides what follows.

    S, at most max_tokens, -> [N * S * S] float32, for N heads, queries and keys.
    """

    def __init__(self, num_heads: int, max_tokens: int, causal: bool = False, count: int = 32, max_distance: int = 128):
        super().__init__()
        self.weight = parameter((count, num_heads), "weight")
        self.veil = CausalVeil(num_heads) if causal else None
        self.buckets = _bucket_table(max_tokens, not causal, count, max_distance)

    def by_distance(self, S):
        """The same without the veil by key - query alone, from 1 - S to S - 1: [N, 2 S - 1]."""
        ahead, back = self.buckets[0, :S], self.buckets[:S, 0]  # of key - query = 0 .. S - 1, and of 0 .. 1 - S
        buckets = ops.concat((ops.flip(back[1:], (0,)), ahead))  # [2 S - 1]
        return ops.gather(self.weight, buckets, 0).swapaxes(0, 1)

    def construct(self, S):
        bias = ops.gather(self.weight, self.buckets[:S, :S].reshape((-1,)), 0)  # [S * S, N]
        bias = bias.swapaxes(0, 1).reshape((-1,))  # [N * S * S], as SelfAttention adds it
        return bias if self.veil is None else bias + self.veil(S)


class CausalVeil(nn.Cell):
    """MASKED for every key behind its query, else 0. S -> [N * S * S]."""

    def __init__(self, num_heads: int):
        super().__init__()
        self.num_heads = num_heads

    def construct(self, S):
        place = ops.arange(S).astype(ms.int32)  # no stored table: of the 131,072 places of a Llama it has 64 GB
        keys, queries = ops.tile(place[None], (S, 1)), ops.tile(place[:, None], (1, S))  # [S, S]
        return ops.tile((ops.greater(keys, queries).astype(ms.float32) * MASKED).reshape((-1,)), (self.num_heads,))


class Rotary(nn.Cell):
    """Turns value i of a head with value i + D / 2 by an angle that grows with the place (Su et al. 2021).

    cosines, sines: [max_tokens, D / 2], of `nn.rotary.rotary_tables`.
    Inputs: x [B, N, S, D]; the first token of a row has place 0. A product of a query and a key knows their distance
    alone, so several documents in a row need no places of their own.
    """

    def __init__(self, cosines: np.ndarray, sines: np.ndarray):
        super().__init__()
        self.cosines, self.sines = Tensor(cosines), Tensor(sines)

    def construct(self, x):
        B, N, S, D = x.shape
        # all of one shape: sums and products of two are costly, see nn/blocks/norm.py
        copies = (B, N, 1, 1)
        cosines, sines = ops.tile(self.cosines[:S][None, None], copies), ops.tile(self.sines[:S][None, None], copies)
        return turned(x, cosines, sines)


def turned(x, cosines, sines):
    """x [..., D], its two halves by cosines and sines [..., D / 2]."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return ops.concat((first * cosines - second * sines, second * cosines + first * sines), axis=-1)


@functools.cache
def _bucket_table(max_tokens: int, both_ways: bool, count: int, max_distance: int) -> Tensor:
    """[max_tokens, max_tokens] int32; one for all layers."""
    places = np.arange(max_tokens)
    return Tensor(buckets(places[None] - places[:, None], both_ways, count, max_distance).astype(np.int32))
