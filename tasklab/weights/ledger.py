"""What a load did: which weights came from the file, which start new, which were left out (and when to refuse)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from tasklab.errors import CheckpointError

STRICT = "strict"  # evaluate, predict, resume: every weight of the network, in its shape
FINETUNE = "finetune"  # a new head may start from its initializer
POLICIES = (STRICT, FINETUNE)

STREAM_NORMS = ("encoder.first.embeddings.stream_norm.", "encoder.second.embeddings.stream_norm.")
"""Of two encoders of a text each; a plain one that they start from has none."""
MAY_BE_NEW = ("head.", "encoder.pooler.", "pooler.", *STREAM_NORMS)
MAY_BE_DROPPED = ("encoder.pooler.", "pooler.", "head.nsp.")  # strict only: many files carry these, few tasks use them


class Misfit(NamedTuple):
    """A weight with one name and two shapes."""

    name: str
    network: tuple
    file: tuple

    def __str__(self):
        return f"{self.name}: file {list(self.file)}, network {list(self.network)}"


@dataclass(frozen=True)
class Ledger:
    """Sorted tasklab names. loaded + new + misfit = the network; dropped = in the file, not in the network."""

    loaded: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    misfit: tuple[Misfit, ...] = ()
    notes: tuple[str, ...] = ()

    def render(self, source: str) -> str:
        """The ledger of weights read from `source`, by module, one line and one more per note."""
        total = len(self.loaded) + len(self.new) + len(self.misfit)
        misfit = [row.name for row in self.misfit]
        missing = (*self.new, *misfit)
        encoder = [name.startswith("encoder.") for name in self.loaded].count(True)
        encoder_all = encoder + [name.startswith("encoder.") for name in missing].count(True)
        tenths = 1000 * encoder // encoder_all if encoder_all else 0  # rounded down: 99.97 % is not 100.0 %
        share = f" ({tenths // 10}.{tenths % 10} % of encoder)" if encoder_all else ""
        line = f"weights {source}: loaded {len(self.loaded)} of {total}{share}"
        for word, names in (("new", self.new), ("misfit", misfit), ("dropped", self.dropped)):
            if names:
                line += f", {word} {len(names)}: {by_module(names)}"
        return "\n".join([line, *(f"  {note}" for note in self.notes)])


def plan(network_shapes: dict, tensors: dict) -> Ledger:
    """Compares name -> shape of the network with name -> array (anything with a shape) of the file."""
    both = network_shapes.keys() & tensors.keys()
    misfit = {name for name in both if tuple(network_shapes[name]) != tuple(tensors[name].shape)}
    return Ledger(
        loaded=tuple(sorted(both - misfit)),
        new=tuple(sorted(network_shapes.keys() - both)),
        dropped=tuple(sorted(tensors.keys() - both)),
        misfit=tuple(
            Misfit(name, tuple(network_shapes[name]), tuple(tensors[name].shape)) for name in sorted(misfit)
        ),
    )


def settle(ledger: Ledger, policy: str, source: str, unused: tuple[str, ...] = ()) -> Ledger:
    """The ledger that will be carried out, or a refusal.

    strict: nothing new, nothing of another shape, and nothing left out but a pooler and names that begin as `unused`.
    finetune: only the head, the pooler and the norms of two streams may be new; a head of another shape counts as new,
    with a note.
    Raises: CheckpointError that lists every weight in the way, with its shapes.
    """
    if policy not in POLICIES:
        raise ValueError(f"policy {policy!r}; known: {', '.join(POLICIES)}")
    strict, left_out = policy == STRICT, MAY_BE_DROPPED + unused
    new_head = [] if strict else [row for row in ledger.misfit if row.name.startswith(MAY_BE_NEW)]
    wrong = [f"wrong shape  {row}" for row in ledger.misfit if row not in new_head]
    wrong += [f"not in file  {name}" for name in ledger.new if strict or not name.startswith(MAY_BE_NEW)]
    wrong += [f"not used     {name}" for name in ledger.dropped if strict and not name.startswith(left_out)]
    if wrong:
        raise CheckpointError(_refusal(ledger, wrong, strict, source))
    return replace(
        ledger,
        misfit=(),
        new=tuple(sorted((*ledger.new, *(row.name for row in new_head)))),
        notes=(*ledger.notes, *(f"{row}: starts new" for row in new_head)),
    )


def by_module(names, limit: int = 6) -> str:
    """Names in a few words: `head.output (weight, bias)`, `encoder.layers.6-11 (96 tensors)`."""
    groups: dict = {}
    for name in names:
        layered = re.fullmatch(r"(.*?layers)\.(\d+)\.(.+)", name)
        key, layer, rest = layered.groups() if layered else (name.rpartition(".")[0], None, name.rpartition(".")[2])
        layers, rests, count = groups.get(key, (set(), [], 0))
        groups[key] = (layers | ({int(layer)} if layer else set()), rests + [rest] * (rest not in rests), count + 1)
    words = []
    for key, (layers, rests, count) in groups.items():
        modules = {rest.rpartition(".")[0] for rest in rests}
        place = f"{key}.{_ranges(layers)}" if layers else key
        if len(modules) == 1:
            leaves = sorted({rest.rpartition(".")[2] for rest in rests}, key=lambda leaf: (leaf != "weight", leaf))
            words.append(f"{'.'.join(filter(None, (place, *modules)))} ({', '.join(leaves)})")
        else:
            words.append(f"{place} ({count} tensors)")
    more = f", and {len(words) - limit} more modules" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def _ranges(numbers) -> str:
    """`0, 1, 2, 5` -> `0-2+5`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return "+".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _refusal(ledger: Ledger, wrong: list[str], strict: bool, source: str) -> str:
    total = len(ledger.loaded) + len(ledger.new) + len(ledger.misfit)
    need = "every weight must fit" if strict else "only the head may be new"
    remedy = (
        "use the configuration the weights were saved with, or start a new run from them with --from"
        if strict
        else "set the sizes under `model:` to those of the weights, or name weights of this encoder"
    )
    if any(name.startswith("encoder.first.") for name in ledger.dropped):
        remedy = (
            "these weights are of a model that reads two texts apart: set model.dual to tied or apart, as there, and "
            "model.pair_encoding to siamese"
        )
    head = f"weights {source} do not fit the network ({len(ledger.loaded)} of {total} do; {need}):"
    return "\n  ".join([head, *wrong, remedy])
