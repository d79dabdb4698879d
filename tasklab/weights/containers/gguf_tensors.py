"""The tensors of a GGUF file, its llamas' queries and keys with the rotary pairs where HuggingFace and we have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError, brief
from tasklab.gguf import read_gguf
from tasklab.weights.tensors import BFLOAT16, LazyTensor

_STORED = {"F32": "float32", "F16": "float16", "BF16": BFLOAT16}
_ROTATED = {"attn_q": "head_count", "attn_k": "head_count_kv"}
"""Tensors whose rows convert_hf_to_gguf.py interleaves -> how many heads they have."""


def read_gguf_tensors(path: Path) -> dict[str, LazyTensor]:
    """name -> tensor, dequantised when it is asked for. Raises: CheckpointError, ValueError."""
    metadata, tensors = read_gguf(path)
    if (count := metadata.get("split.count", 1)) != 1:
        raise CheckpointError(
            f"{path}: one of {brief(count)} parts of a model; join them first: llama-gguf-split --merge FIRST WHOLE"
        )
    lazy_tensors = {}
    for name, tensor in tensors.items():
        stored = _STORED.get(tensor.kind, tensor.kind)
        read = _finite(name, tensor)
        part = read if len(tensor.shape) > 1 else None
        lazy_tensors[name] = LazyTensor(tensor.shape, np.dtype("f4"), read, stored, checked=True, part=part)
    if metadata.get("general.architecture") != "llama":
        return lazy_tensors
    return {name: _turned(name, tensor, metadata) for name, tensor in lazy_tensors.items()}


def _finite(name: str, tensor):
    """Values are made of scales in the file: to look twice, once to check and once to use, would double the time."""

    def read(rows: slice = slice(None)) -> np.ndarray:
        values = tensor.read(rows)
        if not np.isfinite(values).all():
            raise ValueError(f"tensor {brief(name)} holds values that are no numbers")
        return values

    return read


def _turned(name: str, tensor: LazyTensor, metadata: dict) -> LazyTensor:
    key = _ROTATED.get(name.split(".")[2]) if name.startswith("blk.") and name.count(".") == 3 else None
    if key is None:
        return tensor
    everyone = metadata.get("llama.attention.head_count")
    heads = metadata.get(f"llama.attention.{key}", everyone)
    if type(heads) is not int or heads < 1 or tensor.shape[0] % (2 * heads):
        raise ValueError(f"tensor {brief(name)} has {tensor.shape[0]} rows for {brief(heads)} heads")

    def halves_apart(values: np.ndarray) -> np.ndarray:
        """The two values that turn together lie side by side in the file; here each half of a head has one."""
        pairs = values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:])
        return pairs.swapaxes(1, 2).reshape(values.shape)

    return tensor.map(halves_apart)
