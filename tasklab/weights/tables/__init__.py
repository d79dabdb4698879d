"""Weight names of other programs and their tasklab counterparts (after torchtune's convert_weights.py)."""

from __future__ import annotations

import re
from collections import ChainMap

import numpy as np

from tasklab.errors import CheckpointError
from tasklab.registry import Registry
from tasklab.weights.tables.format import Format, Head
from tasklab.weights.tables.rows import SAME, TRANSPOSE, Transform, pair
from tasklab.weights.tensors import LazyTensor, lazy

__all__ = [
    "FORMATS", "SAME", "TRANSPOSE", "Format", "Head", "Transform", "detect", "find_format", "from_tasklab", "pair",
    "programs", "to_tasklab",
]  # fmt: skip

FORMATS = Registry("weight format", package="tasklab.weights.tables")
"""Entries are `Format`: models as one program names them. A new format is one new file here."""

_SOURCES, _TARGETS = (f"{stack}.embeddings.word.weight" for stack in ("encoder", "decoder"))
TIES = (
    ("head.mlm.decoder.weight", _SOURCES),
    ("head.decoder.weight", _SOURCES),
    ("head.decoder.weight", _TARGETS),
    (_TARGETS, _SOURCES),
)
"""(copy, original): weights that are copies of another one in networks of ours, and may be stored twice elsewhere."""

FIRST, SECOND, STREAM = "encoder.first.", "encoder.second.", ".stream_norm."
"""Of two encoders that are tied the second has nothing of its own but a norm."""


def to_tasklab(tensors: dict, table: Format, head: str | None = None) -> tuple[dict[str, LazyTensor], list[str]]:
    """Renames to tasklab names. Returns (mapped, names that no row knows, sorted).

    Two spellings of one weight are fine when their values are equal, and a copy of a tied weight is left out.
    Raises: CheckpointError when they differ.
    """
    mapped, came_from, unmatched, joined = {}, {}, [], set()
    rows, spelled = table.table(tensors, head), {table.spell(name): lazy(tensor) for name, tensor in tensors.items()}
    for name, tensor in tensors.items():
        own = table.spell(name)
        if own in joined:
            continue
        here = ChainMap({own: lazy(tensor)}, spelled)  # two spellings may have different values
        values, names = next(filter(None, (line.load(own, here) for line in rows)), (None, ()))
        joined.update(other for other in names if other != own)
        if values is None:
            unmatched.append(name)
            continue
        for ours, value in values.items():
            if ours in mapped and not _equal(mapped[ours], value):
                raise CheckpointError(
                    f"{came_from[ours]!r} and {name!r} both name the weight {ours!r}, with different values; "
                    "remove one of them from the file"
                )
            mapped[ours], came_from[ours] = value, name
    for copy, original in TIES:
        if copy in mapped and original in mapped and _equal(mapped[copy], mapped[original]):
            del mapped[copy]
    own = (name for name in mapped if name.startswith(SECOND) and STREAM not in name)
    twins = {name: name.replace(SECOND, FIRST, 1) for name in own} if table.stores_ties else {}
    if all(name in mapped and _equal(mapped[copy], mapped[name]) for copy, name in twins.items()):
        mapped = {name: tensor for name, tensor in mapped.items() if name not in twins}
    return mapped, sorted(unmatched)


def with_copies(tensors: dict, names) -> dict:
    """`tensors` and, of a network with these names that ties no words, the tables that were left out as copies; of one
    that reads two texts apart, a plain encoder for both."""
    whole = dict(tensors)
    if not any(name.startswith((FIRST, SECOND)) for name in whole):
        streams = {name: re.sub(r"^encoder\.(first|second)\.", "encoder.", name) for name in names}
        plain = {name: own for name, own in streams.items() if name != own and own in whole}
        whole |= {name: whole[own] for name, own in plain.items()}
        whole = {name: tensor for name, tensor in whole.items() if name not in plain.values()}
    for copy, original in reversed(TIES[1:]):  # of decoders: a new head for masked words starts from its initializer
        if copy in names and copy not in whole and original in whole:
            whole[copy] = whole[original]
    return whole


def from_tasklab(tensors: dict, table: Format, head: str | None = None) -> tuple[dict[str, LazyTensor], list[str]]:
    """Renames tasklab names to the other program's. Returns (mapped, names that no row knows, sorted)."""
    tensors = {name: lazy(tensor) for name, tensor in tensors.items()}
    if table.stores_ties:
        kept = {"head.mlm.decoder.weight": "head.mlm.bias" in tensors, _TARGETS: head == "seq2seq"}
        kept["head.decoder.weight"] = head in ("causal", "prefix", "seq2seq")
        for copy, original in reversed(TIES):
            if kept[copy] and original in tensors:
                tensors.setdefault(copy, tensors[original])
        for name in [name for name in tensors if name.startswith(FIRST) and STREAM not in name]:
            tensors.setdefault(name.replace(FIRST, SECOND, 1), tensors[name])
    rows, mapped, done = table.table(tensors, head, theirs=False), {}, set()
    for name in tensors:
        if name in done:
            continue
        saved = next(filter(None, (line.save(name, tensors) for line in rows)), None)
        if saved is not None:
            values, names = saved
            mapped |= values
            done.update(names)
    return mapped, sorted(tensors.keys() - done)


def detect(tensors, family: str | None = None, place: str = "") -> Format:
    """The format whose rows know most of these names; of several that of the family, or else a BERT's.

    tensors: name -> anything, of which a shape may help, or names alone.
    family: the model's, where it is known and the format has it. place: what an error starts with.
    Raises: CheckpointError when none knows any.
    """
    tensors = tensors if isinstance(tensors, dict) else dict.fromkeys(tensors)
    formats = [FORMATS.get(name) for name in FORMATS.names()]
    scores = {
        table.name: (table.matches(tensors), family in table.families, "bert" in table.families) for table in formats
    }
    best = max(scores, key=lambda name: scores[name])
    if not scores[best][0]:
        shown = ", ".join(sorted(tensors)[:5]) or "none"
        raise CheckpointError(
            f"{place}the weight names fit no known format ({', '.join(programs())}); "
            f"it holds {len(tensors)} names: {shown}"
        )
    return FORMATS.get(best)


def find_format(program: str, family: str) -> Format | None:
    """How `program` names the weights of `family`; None when it does not have it."""
    formats = (FORMATS.get(name) for name in FORMATS.names())
    return next((table for table in formats if table.program == program and table.fits(family)), None)


def programs() -> list[str]:
    """The programs whose names are known, sorted."""
    return sorted({FORMATS.get(name).program for name in FORMATS.names()})


def _equal(one: LazyTensor, other: LazyTensor) -> bool:
    return one.shape == other.shape and np.array_equal(np.asarray(one), np.asarray(other))


