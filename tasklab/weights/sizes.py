"""The sizes of a model as its weights show them."""

from __future__ import annotations

import re


def sizes_in(tensors: dict) -> dict[str, int]:
    """Key of the model section -> size, from tasklab's names -> anything with a shape; what does not show is absent.

    An ALBERT does not show how often it uses its layer, and no model shows its attention heads.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    found = {}
    for name, keys in _SHAPES.items():
        found.update(zip(keys, shapes.get(name, ()), strict=False))
    layers = [int(hit[1]) for name in shapes if (hit := re.match(r"encoder\.layers\.(\d+)\.", name))]
    if layers:
        found["num_hidden_layers"] = max(layers) + 1
        found["hidden_size"] = found.pop("embedding_size", found.get("hidden_size"))
    return {key: size for key, size in found.items() if key and size}


_SHAPES = {
    "encoder.embeddings.word.weight": ("vocab_size", "embedding_size"),
    "encoder.embeddings.position.weight": ("max_position_embeddings",),
    "encoder.embeddings.token_type.weight": ("type_vocab_size",),
    "encoder.layers.0.feed_forward.intermediate.weight": ("intermediate_size", "hidden_size"),
    "encoder.layer.feed_forward.intermediate.weight": ("intermediate_size", "hidden_size"),
}
