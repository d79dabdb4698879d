"""Layers of a Transformer on a few tokens of one text, whose keys and values before them are there already.

n tokens in a call, P places before them of which the first `start` are taken, S places of the source, H hidden_size,
N heads, G heads of keys and values, D a head's values, L layers.
"""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from tasklab.nn.blocks.attention import SelfAttention
from tasklab.nn.blocks.positions import MASKED, RelativePositions, turned


class CachedLayers(nn.Cell):
    """The layers that a network has, on their own parameters, without dropout.

    Inputs:  x [1, n, H]; places [n] int32, of its tokens, of which those behind the network's last count for nothing;
        start [1] int32; prefix [1] int32, how many of the text's first tokens are seen by all; past [L, 2, G, P, D]; of
        layers that read a source source [L, 2, G, S, D] and how many tokens it has [1] int32, else None twice.
    Returns: [1, n, H], keys and values of these tokens [L, 2, G, n, D].
    """

    def __init__(self, layers: nn.CellList):
        super().__init__(auto_prefix=False)
        self.layers = nn.CellList([_CachedLayer(layer) for layer in layers], auto_prefix=False)
        first = layers[0].attention
        self.distances = _Distances(first.positions) if isinstance(first.positions, RelativePositions) else None
        self.rotary, self.num_heads = first.rotary, first.num_heads

    def construct(self, x, places, start, prefix, past, source, source_length):
        n, P = x.shape[1], past.shape[3]
        keys = ops.concat((ops.arange(P).astype(ms.int32), places))  # [P + n]
        before = ops.tile((keys[:P] < start)[None], (n, 1))  # [n, P]
        last = ops.maximum(places, prefix - 1)  # [n] what each token sees
        seen = ops.concat((before, places[None] <= last[:, None]), axis=1)  # [n, P + n]
        bias = ((1 - seen.astype(ms.float32)) * MASKED)[None, None]  # [1, 1, n, P + n]
        if self.distances is not None:
            bias = bias + self.distances(places[:, None] - keys[None])  # [1, N, n, P + n]
        turns = None
        if self.rotary is not None:
            rows = places.clip(0, self.rotary.cosines.shape[0] - 1)
            turns = (ops.gather(self.rotary.cosines, rows, 0), ops.gather(self.rotary.sines, rows, 0))  # [n, D / 2]
        hide = None
        if source is not None:
            hide = (ops.arange(source.shape[3]).astype(ms.int32) >= source_length).astype(ms.float32) * MASKED  # [S]
        own = ()
        for i, layer in enumerate(self.layers):
            x, keys_values = layer(x, past[i], bias, turns, None if source is None else source[i], hide)
            own = (*own, keys_values)
        return x, ops.stack(own)


class SourceKeys(nn.Cell):
    """Keys and values that a decoder's layers see of its source: states [1, S, H] -> [L, 2, G, S, D]."""

    def __init__(self, layers: nn.CellList):
        super().__init__(auto_prefix=False)
        self.attentions = nn.CellList([layer.cross_attention for layer in layers], auto_prefix=False)

    def construct(self, states):
        cache = ()
        for attention in self.attentions:
            cache = (*cache, _keys_values(attention, states))
        return ops.stack(cache)


class _CachedLayer(nn.Cell):
    def __init__(self, layer: nn.Cell):
        super().__init__(auto_prefix=False)
        self.attention, self.attention_norm = layer.attention, layer.attention_norm
        self.feed_forward, self.feed_forward_norm = layer.feed_forward, layer.feed_forward_norm
        self.norm_first = layer.norm_first
        self.cross_attention = getattr(layer, "cross_attention", None)
        self.cross_attention_norm = None if self.cross_attention is None else layer.cross_attention_norm

    def construct(self, x, past, bias, turns, source, hide):
        y, own = self.look(self.attention_norm(x) if self.norm_first else x, past, bias, turns)
        x = x + y if self.norm_first else self.attention_norm(x + y)
        if self.cross_attention is not None:
            y = self.look_at_source(self.cross_attention_norm(x) if self.norm_first else x, source, hide)
            x = x + y if self.norm_first else self.cross_attention_norm(x + y)
        if self.norm_first:
            return x + self.feed_forward(self.feed_forward_norm(x)), own
        return self.feed_forward_norm(x + self.feed_forward(x)), own

    def look(self, x, past, bias, turns):
        """x [1, n, H] -> what its tokens see of those before and of each other [1, n, H], their keys and values."""
        part = self.attention
        q = part.split(part.query(x), part.num_heads) * part.scale  # [1, N, n, D]
        own = _keys_values(part, x)  # [2, G, n, D]
        if turns is not None:
            q, key = turned(q, turns[0], turns[1]), turned(own[:1], turns[0], turns[1])
            own = ops.concat((key, own[1:]))
        every = ops.concat((past, own), axis=2)  # [2, G, P + n, D]
        return _seen(part, q, every, bias), own

    def look_at_source(self, x, source, hide):
        part = self.cross_attention
        return _seen(part, part.split(part.query(x), part.num_heads) * part.scale, source, hide)


def _keys_values(part: SelfAttention, x):
    """[1, n, H] -> [2, G, n, D]."""
    keys, values = part.split(part.key(x), part.key_value_heads), part.split(part.value(x), part.key_value_heads)
    return ops.concat((keys, values))


def _seen(part: SelfAttention, q, keys_values, bias):
    """q [1, N, n, D], keys_values [2, G, m, D], bias for [1, N, n, m] -> [1, n, H]."""
    n, shape = q.shape[2], (1, part.num_heads, q.shape[2], part.head_size)
    scores = part.matmul_transposed(part.group(q), keys_values[:1]).reshape((1, part.num_heads, n, -1))
    weights = ops.softmax(scores.astype(ms.float32) + bias, axis=-1).astype(q.dtype)
    seen = part.matmul(part.group(weights), keys_values[1:]).reshape(shape)
    return part.output(seen.swapaxes(1, 2).reshape((1, n, -1)))


class _Distances(nn.Cell):
    """What a key so far before its query adds to the scores, below 0 behind it: [n, m] int32 -> [1, N, n, m]."""

    def __init__(self, positions: RelativePositions):
        super().__init__(auto_prefix=False)
        table = positions.buckets.asnumpy()  # [P, P] by query and key
        self.weight, self.last = positions.weight, len(table) - 1
        self.buckets = Tensor(np.concatenate((table[0, :0:-1], table[:, 0])))  # of query - key from 1 - P to P - 1

    def construct(self, distances):
        buckets = ops.gather(self.buckets, (distances + self.last).clip(0, 2 * self.last), 0)  # [n, m]
        return ops.gather(self.weight, buckets, 0).transpose((2, 0, 1))[None]
