"""A Transformer that tells next words, with or without an encoder, in NumPy with float64; names as DecoderShape's."""

import math

import numpy as np


def oracle(shape, tensors, ids, source=None, prefix=0):
    """Logits [n, V] of all positions. prefix: how many of the first ids all others see."""
    t = {key: value.astype(np.float64) for key, value in tensors.items()}
    states = None if source is None else _stack(shape, t, "encoder.", shape.encoder_layers, source, None, 0)
    x = _stack(shape, t, "", shape.num_hidden_layers, ids, states, prefix) * shape.output_scale
    return x @ t["embeddings.word.weight" if shape.tied else "vocabulary.weight"].T + t.get("vocabulary.bias", 0)


def _stack(shape, t, prefix, layers, ids, states, shown):
    words = t[f"{prefix}embeddings.word.weight" if shape.source_vocab_size else "embeddings.word.weight"]
    x = words[ids] * shape.embedding_scale
    if shape.learned_positions:
        x = x + t[f"{prefix}embeddings.position.weight"][: len(ids)]
    if shape.token_types:
        x = x + t["embeddings.token_type.weight"][(np.arange(len(ids)) >= shown).astype(int)]
    if shape.embedding_norm:
        x = _norm(shape, t, x, f"{prefix}embeddings.norm")
    for number in range(layers):
        layer = f"{prefix}layers.{number}."
        parts = {"attention": lambda x, name: _attend(shape, t, x, x, name, prefix, shown)}
        if states is not None:
            parts["cross_attention"] = lambda x, name: _attend(shape, t, x, states, name, None)
        parts["feed_forward"] = _feed(shape, t)
        for part, function in parts.items():
            name, norm = layer + part, layer + part + "_norm"
            if shape.norm_first:
                x = x + function(_norm(shape, t, x, norm), name)
            else:
                x = _norm(shape, t, x + function(x, name), norm)
    return _norm(shape, t, x, f"{prefix}norm") if shape.norm_first else x


def _dense(t, x, name):
    return x @ t[f"{name}.weight"].T + t.get(f"{name}.bias", 0)


def _norm(shape, t, x, name):
    x = x if shape.rms else x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + shape.eps) * t[f"{name}.weight"] + t.get(f"{name}.bias", 0)


def _attend(shape, t, x, seen, name, prefix, shown=0):
    """prefix: of the stack that looks at itself, None of one that looks at another's states. shown: tokens that all
    see."""
    N, G, D = shape.num_attention_heads, shape.num_key_value_heads, shape.head_size
    own = prefix is not None
    turn = (lambda x: _turned(shape, t, x, prefix)) if own and shape.rotary else lambda x: x
    q = turn(_dense(t, x, f"{name}.query").reshape(len(x), N, D))
    k = turn(_dense(t, seen, f"{name}.key").reshape(len(seen), G, D)).repeat(N // G, axis=1)
    v = _dense(t, seen, f"{name}.value").reshape(len(seen), G, D).repeat(N // G, axis=1)
    scores = np.einsum("ihd,jhd->hij", q, k) * (D**-0.5 if shape.score_scale is None else shape.score_scale)
    if own and shape.reach:
        behind = np.arange(len(x))[None] - np.arange(len(x))[:, None]  # key - query
        scores = scores + t[f"{prefix}distances"][:, np.clip(behind, -shape.reach, shape.reach) + shape.reach]
    if prefix == "":
        scores = np.where(np.tri(len(x), dtype=bool) | (np.arange(len(x)) < shown), scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return _dense(t, np.einsum("hij,jhd->ihd", p, v).reshape(len(x), N * D), f"{name}.output")


def _turned(shape, t, x, prefix):
    """[n, heads, D], first half with second half."""
    a, b = np.split(x, 2, axis=-1)
    c, s = t[f"{prefix}cosines"][: len(x), None], t[f"{prefix}sines"][: len(x), None]
    return np.concatenate([a * c - b * s, b * c + a * s], axis=-1)


def _feed(shape, t):
    def feed(x, name):
        inner = _dense(t, x, f"{name}.intermediate")
        inner = _act(shape, _dense(t, x, f"{name}.gate")) * inner if shape.gated else _act(shape, inner)
        return _dense(t, inner, f"{name}.output")

    return feed


def _act(shape, x):
    if shape.hidden_act == "gelu":
        return x * 0.5 * (1 + np.vectorize(math.erf)(x / 2**0.5))
    if shape.hidden_act == "gelu_new":
        return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))
    return x / (1 + np.exp(-x)) if shape.hidden_act == "silu" else np.maximum(x, 0)
