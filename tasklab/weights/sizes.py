"""What the weights of a model show of its network: sizes, and of encoders that are no Transformer the kind too."""

from __future__ import annotations

import re


def sizes_in(tensors: dict) -> dict[str, int | str | bool]:
    """Key of the model section -> value, from tasklab's names -> anything with a shape; what does not show is absent.

    An ALBERT does not show how often it uses its layer, and no model shows its attention heads.
    """
    shapes = {_one_stack(name): tuple(tensor.shape) for name, tensor in tensors.items()}
    section = {}
    for name, keys in _SHAPES.items():
        section.update(zip(keys, shapes.get(name, ()), strict=False))
    section |= _decoder(shapes)
    section |= _recurrent(shapes) or _convolutional(shapes) or _transformer(shapes, section)
    return {key: value for key, value in section.items() if key and value}


def _decoder(shapes: dict) -> dict:
    layers = [int(hit[1]) for name in shapes if (hit := re.match(r"decoder\.layers\.(\d+)\.", name))]
    return {"num_decoder_layers": max(layers) + 1} if layers else {}


def embeddings_in(names) -> dict[str, list[str] | bool]:
    """The same for what the embeddings are the sum of, as far as that is learned."""
    start, names = "encoder.embeddings.", {_one_stack(name) for name in names}
    tables = {"word": "word", "pos": "position", "seg": "token_type"}
    return {
        "embeddings": [part for part, name in tables.items() if f"{start}{name}.weight" in names],
        "embedding_norm": f"{start}norm.weight" in names,
    }


def _one_stack(name: str) -> str:
    """Of two encoders the first shows the sizes of both."""
    return name.replace("encoder.first.", "encoder.", 1) if name.startswith("encoder.first.") else name


_SHAPES = {
    "encoder.embeddings.word.weight": ("vocab_size", "embedding_size"),
    "encoder.embeddings.position.weight": ("max_position_embeddings",),
    "encoder.embeddings.token_type.weight": ("type_vocab_size",),
    "encoder.layers.0.feed_forward.intermediate.weight": ("intermediate_size", "hidden_size"),
    "encoder.layer.feed_forward.intermediate.weight": ("intermediate_size", "hidden_size"),
    "encoder.layers.0.attention.positions.weight": ("relative_attention_num_buckets",),
    "decoder.embeddings.word.weight": ("decoder_vocab_size",),
    "decoder.layers.0.feed_forward.intermediate.weight": ("intermediate_size", "hidden_size"),
    "head.dense.weight": ("dense_size",),
    "encoder.layers.0.first.output.weight": ("hidden_size", "kernel_size"),
    "encoder.layers.0.convolutions.first.output.weight": ("hidden_size", "kernel_size"),
    "encoder.layers.0.query.weight": ("hidden_size",),
    "encoder.layers.0.attention.scores.weight": ("max_position_embeddings",),
    "encoder.layers.0.attention.table": ("max_position_embeddings",),
}
_STACK = re.compile(r"encoder\.layers\.0\.(recurrent\.)?(ahead\.)?layers\.\d+\.(ahead\.)?hidden\.weight")
_CONVOLUTION = re.compile(r"encoder\.layers\.0\.layers\.\d+\.output\.weight")


def _transformer(shapes: dict, section: dict) -> dict:
    layers = [int(hit[1]) for name in shapes if (hit := re.match(r"encoder\.layers\.(\d+)\.", name))]
    if not layers:
        return {}
    width = section.get("embedding_size")
    size = section.get("hidden_size", width)
    narrow = None if size == width else width
    sizes = {"num_hidden_layers": max(layers) + 1, "hidden_size": size, "embedding_size": narrow}
    if "encoder.layers.0.query.weight" in shapes:
        return {**sizes, "encoder": "attn"}
    scores = {"scores.weight": "dense", "table": "random"}
    kinds = [kind for name, kind in scores.items() if f"encoder.layers.0.attention.{name}" in shapes]
    return {**sizes, "encoder": "synt", "synthesizer": kinds[0]} if kinds else sizes


def _recurrent(shapes: dict) -> dict:
    layers = [hit for name in shapes if (hit := _STACK.fullmatch(name))]
    if not layers:
        return {}
    gates, size = shapes[layers[0][0]]
    mixed, stacks, both_ways = layers[0].groups()  # mixed with convolutions: rcnn or crnn
    kind = {1: "rnn", 3: "gru", 4: "lstm"}.get(gates // size)
    return {
        "encoder": None if mixed or not kind else "bi" + kind if stacks else kind, "bidirectional": bool(both_ways),
        "num_hidden_layers": len(layers), "hidden_size": 2 * size if stacks or both_ways else size,
    }  # fmt: skip


def _convolutional(shapes: dict) -> dict:
    if "encoder.layers.0.first.output.weight" not in shapes:
        return {}
    above = sum(bool(_CONVOLUTION.fullmatch(name)) for name in shapes)
    if "encoder.layers.0.first.gate.weight" in shapes:
        return {"encoder": "gatedcnn", "num_hidden_layers": 1 + above}
    return {"encoder": "cnn", "num_hidden_layers": above}
