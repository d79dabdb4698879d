"""A decoder in NumPy and float64, from the model section and weights under our names: the judge of both."""

import numpy as np


def _norm(x, tensors, name, model):
    if model.norm == "rms":
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + model.layer_norm_eps) * tensors[f"{name}.weight"]
    x = x - x.mean(-1, keepdims=True)
    scaled = x / np.sqrt((x**2).mean(-1, keepdims=True) + model.layer_norm_eps)
    return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def _dense(x, tensors, name):
    return x @ tensors[f"{name}.weight"].T + tensors.get(f"{name}.bias", 0)


ACTS = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}


def _angles(length, size, model):
    """[length, size / 2]; Llama 3's scaling as Dubey et al. 2024 and transformers' modeling_rope_utils.py have it."""
    frequencies = model.rope_theta ** -(np.arange(0, size, 2) / size)
    if model.rope_scaling_factor:
        context = model.rope_original_max_position_embeddings
        turns = context * frequencies / (2 * np.pi)
        low, high = model.rope_low_freq_factor, model.rope_high_freq_factor
        kept = np.clip((turns - low) / (high - low), 0, 1)
        frequencies = (1 - kept) * frequencies / model.rope_scaling_factor + kept * frequencies
    return np.arange(length)[:, None] * frequencies


def _turned(x, angles):
    """x [B, heads, S, D]: the first half of a head turns with its second half."""
    first, second = np.split(x, 2, -1)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def _attention(x, tensors, name, model):
    rows, length, _ = x.shape
    heads = model.num_attention_heads
    groups = model.num_key_value_heads or heads
    size = model.head_size or model.hidden_size // heads

    def split(part, count):
        return _dense(x, tensors, f"{name}.{part}").reshape(rows, length, count, size).swapaxes(1, 2)

    query, key, value = split("query", heads), split("key", groups), split("value", groups)
    if model.rotary:
        angles = _angles(length, size, model)
        query, key = _turned(query, angles), _turned(key, angles)
    key, value = (np.repeat(part, heads // groups, axis=1) for part in (key, value))
    scores = query @ key.swapaxes(2, 3) / np.sqrt(size)
    scores = np.where(np.tril(np.ones((length, length), bool)), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    return _dense((shares @ value).swapaxes(1, 2).reshape(rows, length, heads * size), tensors, f"{name}.output")


def _feed_forward(x, tensors, name, model):
    wide, act = _dense(x, tensors, f"{name}.intermediate"), ACTS[model.hidden_act]
    gated = act(_dense(x, tensors, f"{name}.gate")) * wide if model.feed_forward == "gated" else act(wide)
    return _dense(gated, tensors, f"{name}.output")


def logits(model, tensors, ids):
    """[B, S, V] of ids [B, S]."""
    tensors = {name: np.asarray(tensor).astype(np.float64) for name, tensor in tensors.items()}
    x = tensors["encoder.embeddings.word.weight"][ids]
    if "pos" in model.embeddings:
        x = x + tensors["encoder.embeddings.position.weight"][: ids.shape[1]]
    for number in range(model.num_hidden_layers):
        layer = f"encoder.layers.{number}"
        for part, function in (("attention", _attention), ("feed_forward", _feed_forward)):
            if model.norm_position == "pre":
                x = x + function(_norm(x, tensors, f"{layer}.{part}_norm", model), tensors, f"{layer}.{part}", model)
            else:
                x = _norm(x + function(x, tensors, f"{layer}.{part}", model), tensors, f"{layer}.{part}_norm", model)
    if model.norm_position == "pre":
        x = _norm(x, tensors, "encoder.norm", model)
    table = "encoder.embeddings.word.weight" if model.tie_word_embeddings else "head.decoder.weight"
    return x @ tensors[table].T
