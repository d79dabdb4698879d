"""The folder that was written against the model it was made of: all bits, and the logits of both on a fixed input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tasklab.config.export import as_google_computes
from tasklab.convert.loaded import LoadedModel, read_model
from tasklab.errors import CheckpointError
from tasklab.weights.ledger import by_module
from tasklab.weights.norms import WEIGHT as NORM
from tasklab.weights.source import source_at, weights_in

BUILT_IN = {
    "mindspore": "MindFormers has gelu by tanh and 1e-5", "google": "google-research has gelu by tanh and 1e-12",
    "bart": "transformers' BART has 1e-5", "pegasus": "transformers' Pegasus has 1e-5",
}  # fmt: skip
"""Program, or of transformers the family -> what it computes whatever its files say."""


def verified(model: LoadedModel, target: Path, to: str, probe: bool) -> Iterator[str]:
    """Lines on what the comparison found. Raises: CheckpointError when the result is not the source."""
    back = read_model(source_at(str(target), weights_in(target), family=model.family), model.task, trusted=True)
    if strange := back.weights.keys() ^ model.weights.keys():
        raise CheckpointError(f"{target}: read back, these weights differ: {by_module(sorted(strange))}")
    offset, rounded = model.description.model.position_offset, False
    for name, tensor in model.weights.items():
        one, other = np.asarray(tensor), np.asarray(back.weights[name])
        if to == "uer" and name == "encoder.embeddings.position.weight":
            one, other = one[offset:], other[offset:]
        if name.endswith(NORM) and to == "uer" and np.allclose(one, other, rtol=3e-7, atol=0):
            rounded |= not np.array_equal(one, other)  # divided and multiplied again
            continue
        if not np.array_equal(one, other):
            raise CheckpointError(f"{target}: read back, {name} has other values")
    but = ", norms within the last one" if rounded else ""
    yield f"verified: read back, all {len(model.weights)} weights are equal bit for bit{but}"
    if not probe:
        return
    try:
        from tasklab.convert.probe import logits

        before = logits(model.description.model, model.weights)
        described = back.description.model
        after = logits(as_google_computes(described) if to == "google" else described, back.weights)
    except ImportError as error:
        yield f"logits not compared: {str(error).splitlines()[0]}"
        return
    worst = max(float(np.abs(before[name] - after[name]).max()) for name in before)
    built_in = BUILT_IN.get(model.family if to == "huggingface" else to)
    if built_in and 1e-5 < worst < 1e-2:
        yield f"{built_in} in its norms, come what may: there logits differ by {worst:.1e}"
        return
    if worst > 1e-5 or not np.isfinite(worst):
        raise CheckpointError(f"{target}: with its configuration the same weights give other logits, by {worst:.1e}")
    yield f"verified: largest difference on a probe {worst:.1e} ({', '.join(before)})"

