"""A network with adapters: which Denses get one, what else is trained, and what of it a checkpoint keeps."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import mindspore as ms
import numpy as np
from mindspore import nn

from tasklab.config import LoraConfig
from tasklab.errors import ConfigError
from tasklab.nn.blocks.encoder import share_parameters
from tasklab.nn.compat import Dense
from tasklab.nn.init import generator
from tasklab.nn.lora import Adapter
from tasklab.nn.naming import named
from tasklab.runs.source import is_found_by_name
from tasklab.weights.adapters import Beside, adapters_in, beside
from tasklab.weights.containers import open_weights
from tasklab.weights.source import WeightSource

logger = logging.getLogger("tasklab")

ALL = "all"
"""In lora.targets: every Dense of every layer."""


@dataclass(frozen=True)
class Adapted:
    """kept: names of the parameters that a checkpoint holds. beside: what it says of the others."""

    kept: frozenset[str]
    beside: Beside


def adapt(network: nn.Cell, config: LoraConfig, seed: int):
    """Puts an adapter beside each Dense that `config` names, but for those in parts that are trained as they are.

    A is drawn as peft does it, uniform within 1 / sqrt(in), by its name and the seed. Raises: ConfigError where there
    is no such Dense.
    """
    first: dict[int, Dense] = {}
    for name, dense in _targets(network, config):
        out_size, in_size = dense.weight.shape
        dense.lora = Adapter(in_size, out_size, config.rank, config.alpha / config.rank, config.dropout)
        owner = first.setdefault(id(dense.weight), dense)
        if owner is not dense:  # a layer with the weights of another one
            share_parameters(owner.lora, dense.lora)
            continue
        drawn = generator(seed, f"{name}.lora.a").uniform(-1, 1, (config.rank, in_size)) * in_size**-0.5
        dense.lora.a.set_data(ms.Tensor(drawn.astype(np.float32)))
    network.update_parameters_name()
    for _, cell in network.cells_and_names():
        if hasattr(cell, "adapted"):
            cell.adapted()


def started(network: nn.Cell, config: LoraConfig, source: WeightSource, new: Iterable[str], left_out) -> Adapted:
    """The network, adapted and filled, of which adapters, modules_to_save and what is `new` are trained.

    left_out: names of `source` that it has no place for. Raises: ConfigError for a part that it does not have.
    """
    names = [name for name, _ in network.parameters_and_names()]
    for part in config.modules_to_save:
        if not any(named(part, name) for name in names):
            raise ConfigError(
                f"lora.modules_to_save: {part} is no part of this network; parts are words of the names of its weights "
                f"between dots, such as {names[-1].rpartition('.')[0]}"
            )
    beside_dense = tuple(f"{name}." for name, cell in network.cells_and_names() if isinstance(cell, Adapter))
    kept = {name for name in names if name.startswith(beside_dense)} | set(new)
    kept |= {name for name in names if any(named(part, name) for part in config.modules_to_save)}
    scale = config.alpha / config.rank
    return _settled(network, kept, beside(source, is_found_by_name(source.name), scale, left_out))


def resumed(network: nn.Cell, source: WeightSource) -> Adapted:
    """The same of a checkpoint whose adapters are in the network."""
    return _settled(network, open_weights(source.file)[1], adapters_in(source.folder))


def _settled(network: nn.Cell, kept: Iterable[str], beside: Beside) -> Adapted:
    kept = frozenset(kept)
    for name, parameter in network.parameters_and_names():
        parameter.requires_grad = name in kept
    return Adapted(kept, beside)


def _targets(network: nn.Cell, config: LoraConfig) -> list[tuple[str, Dense]]:
    denses = [(name, cell) for name, cell in network.cells_and_names() if isinstance(cell, Dense)]
    matches = {
        target: {name for name, _ in denses if (_in_layer(name) if target == ALL else named(target, name))}
        for target in config.targets
    }
    if missing := [target for target, names in matches.items() if not names]:
        words = sorted({name.rpartition(".")[2] for name, _ in denses})
        raise ConfigError(
            f"lora.targets: no Dense of this network is called {', '.join(missing)}; there are {', '.join(words)} (or "
            "more words of a name, such as feed_forward.output), and all"
        )
    selected = set().union(*matches.values())
    saved = {name for name in selected if any(named(part, name) for part in config.modules_to_save)}
    return [(name, dense) for name, dense in denses if name in selected - saved]


def _in_layer(name: str) -> bool:
    return name.startswith(("encoder.", "decoder.")) and not {"layer", "layers", "repeats"}.isdisjoint(name.split("."))
