"""A model of any program under tasklab's names: its weights, and what describes them, held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasklab.config.description import Description, describe, family_of, place_of
from tasklab.errors import CheckpointError
from tasklab.weights.sizes import sizes_in
from tasklab.weights.source import WeightSource, read_source
from tasklab.weights.tables import FORMATS

FAMILIES = ("bert", "roberta", "albert")
"""The models that other programs have too."""


@dataclass
class LoadedModel:
    """A model under tasklab's names. known: name -> tensor; unknown: names that no table has, left out."""

    known: dict
    unknown: list[str]
    notes: list[str]
    description: Description
    task: str | None
    family: str


def read_model(found: WeightSource, task: str | None = None, config=None, trusted: bool = False) -> LoadedModel:
    """Weights and description, held against each other. Raises: CheckpointError, ConfigError."""
    described = describe(found.folder, found.file.name, Path(config) if config else None)
    tensors, _, notes = read_source(found, task or described.task, trusted)
    known = {name: tensor for name, tensor in tensors.items() if name.startswith(("encoder.", "head."))}
    table = FORMATS.get(found.format)
    family = table.family if table.family != "any" else family_of(described.model)
    notes += _settle(described, known, family)
    unknown = sorted(tensors.keys() - known.keys())
    return LoadedModel(known, unknown, notes, described, task or described.task or _task_of(known), family)


def _settle(described: Description, known: dict, family: str) -> list[str]:
    """Fills in the sizes that only the weights tell. Returns notes. Raises: CheckpointError when the two differ."""
    model, sizes = described.model, sizes_in(known)
    for key, size in sizes.items():
        if key in described.said and model[key] not in (None, size):
            raise CheckpointError(
                f"{place_of(described)}: {key} is {model[key]}, but the weights have {size}; "
                "name the configuration that belongs to them with --config"
            )
        model[key] = size
    if family not in FAMILIES:
        return []  # tasklab's own, described by its own file
    model.encoder = "albert" if family == "albert" else "bert"
    if family == "roberta" and "position_offset" not in described.said:
        model.position_offset = 2
    notes = []
    if "num_attention_heads" not in described.said:
        model.num_attention_heads = max(1, model.hidden_size // 64)
        heads = f"{model.num_attention_heads} attention heads assumed, one per 64 of hidden_size"
        notes.append(f"{place_of(described)}: {heads}")
    if "num_hidden_layers" not in described.said and "num_hidden_layers" not in sizes:
        model.num_hidden_layers = 12
        notes.append(f"{place_of(described)}: 12 layers assumed; the weights are those of one")
    return notes


def _task_of(names) -> str | None:
    """As far as the head tells it."""
    if "head.mlm.bias" in names:
        return "pretraining" if "head.nsp.weight" in names else "masked_language_modeling"
    if "head.classifier.weight" in names:
        return "text_classification" if "encoder.pooler.weight" in names else "token_classification"
    return "question_answering" if "head.output.weight" in names else None
