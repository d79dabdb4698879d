"""Adapters as HuggingFace's peft keeps them, in its names and ours (source: peft 0.21, its LoraConfig and its files).

One of their modules may hold several of our Denses, as GPT-2's c_attn does: their A is then that of each, and where
ours have different ones theirs is all of these, with B in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasklab.errors import CheckpointError, brief
from tasklab.weights.adapters import FIRST, SECOND
from tasklab.weights.tables import Format, from_tasklab, to_tasklab

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
BEFORE = "base_model.model."
A, B = ".lora_A.weight", ".lora_B.weight"
KINDS = {
    "causal": "CAUSAL_LM", "seq2seq": "SEQ_2_SEQ_LM", "classes": "SEQ_CLS", "tags": "TOKEN_CLS",
    "spans": "QUESTION_ANS",
}  # fmt: skip
"""Head -> peft's task_type."""
FOREIGN = (
    "use_dora", "lora_bias", "layer_replication", "alora_invocation_tokens", "trainable_token_indices",
    "target_parameters",
)  # fmt: skip
"""What else peft may add; such a module is no W + scale B A."""


@dataclass(frozen=True)
class Names:
    """A base in both names. base: our weights. table: theirs. head: a name in NETWORKS."""

    base: dict
    table: Format
    head: str | None

    def modules(self) -> dict[str, list[str]]:
        """Module of theirs -> our Denses in it, in the order of its outputs."""
        modules = {}
        for name, tensor in from_tasklab(self.base, self.table, self.head)[0].items():
            if name.endswith(".weight"):
                ours = self.ours(name, tensor)
                modules[name.removesuffix(".weight")] = [each.removesuffix(".weight") for each in ours]
        return modules

    def ours(self, name: str, tensor):
        """Our names of what a tensor of theirs holds, in its order."""
        return to_tasklab({name: tensor}, self.table, self.head)[0].keys()


def from_peft(tensors: dict, config: dict, names: Names, place: str) -> tuple[dict[str, np.ndarray], float]:
    """(what was trained, under our names, scale) of the tensors in WEIGHTS and the mapping in CONFIG.

    Where modules have scales of their own, B takes what sets them apart from the scale that is returned.
    Raises: CheckpointError for what is no LoRA, and names that the base does not have.
    """
    _refuse(config, place)
    modules, own, rest = names.modules(), {}, {}
    scale = _scale(config, "", config.get("r"), place)
    for name, tensor in tensors.items():
        theirs = names.table.spell(name.removeprefix(BEFORE))
        module = theirs.removesuffix(A)
        if theirs.endswith(B):
            continue
        if not theirs.endswith(A):
            rest[theirs] = tensor
            continue
        if module not in modules or name.replace(A, B) not in tensors:
            raise CheckpointError(f"{place}: {brief(name)} belongs to no weight of the base, or has no lora_B")
        first, second = np.asarray(tensor, np.float32), np.asarray(tensors[name.replace(A, B)], np.float32)
        factor = np.float32(_scale(config, module, len(first), place) / scale)
        denses = modules[module]
        sizes = [names.base[f"{dense}.weight"].shape for dense in denses]
        if second.shape != (sum(size[0] for size in sizes), len(first)) or first.shape[1] != sizes[0][1]:
            base = f"{denses[0]} is {list(sizes[0])}"
            raise CheckpointError(f"{place}: {brief(name)} does not fit the base, where {base}")
        for dense, part in zip(denses, np.split(second * factor, len(denses)), strict=True):
            own |= {dense + FIRST: first, dense + SECOND: part}
    whole, unknown = to_tasklab(rest, names.table, names.head)
    if unknown:
        raise CheckpointError(f"{place}: no weights of this network are {', '.join(unknown[:5])}")
    return own | {name: np.asarray(tensor, np.float32) for name, tensor in whole.items()}, scale


def to_peft(own: dict, scale: float, names: Names, base_name: str) -> tuple[dict[str, np.ndarray], dict]:
    """(tensors for WEIGHTS, mapping for CONFIG) of what was trained beside the base. Raises: CheckpointError."""
    modules = {
        theirs: [d for d in denses if d + FIRST in own] and denses for theirs, denses in names.modules().items()
    }
    pairs = {theirs: _together(denses, own, names.base) for theirs, denses in modules.items() if denses}
    reached = {dense + FIRST for denses in modules.values() for dense in denses}
    whole = {name: tensor for name, tensor in own.items() if not name.endswith((FIRST, SECOND))}
    theirs, lost = from_tasklab(names.base | whole, names.table, names.head)
    mine = {name for name in theirs if whole.keys() & names.ours(name, theirs[name])}
    lost = [name for name in lost if name in whole] + [n for n in own if n.endswith(FIRST) and n not in reached]
    if lost:
        raise CheckpointError(f"{names.table.name} has no names for {', '.join(lost[:5])}; nothing was written")
    tensors = {BEFORE + name: np.asarray(theirs[name], np.float32) for name in mine}
    for module, (first, second) in pairs.items():
        tensors |= {BEFORE + module + A: first, BEFORE + module + B: second}
    ranks = {module: len(first) for module, (first, _) in pairs.items()}
    usual = min(ranks.values(), default=1)
    other = {module: rank for module, rank in ranks.items() if rank != usual}
    return tensors, {
        "peft_type": "LORA", "task_type": KINDS.get(names.head), "base_model_name_or_path": base_name,
        "inference_mode": True, "bias": "none", "lora_dropout": 0.0, "use_rslora": False, "r": usual,
        "lora_alpha": scale * usual, "target_modules": sorted(pairs), "fan_in_fan_out": "gpt2" in names.table.families,
        "rank_pattern": other, "alpha_pattern": {module: scale * rank for module, rank in other.items()},
        "modules_to_save": sorted({name.rpartition(".")[0] for name in mine}) or None,
    }  # fmt: skip


def _refuse(config: dict, place: str):
    if config.get("peft_type") != "LORA":
        raise CheckpointError(f"{place}: peft_type is {brief(config.get('peft_type'))}; only LORA is read")
    for key in FOREIGN:
        if config.get(key):
            raise CheckpointError(f"{place}: {key} is {brief(config[key])}; such adapters are not read, plain LoRA is")


def _scale(config: dict, module: str, rank, place: str) -> float:
    """What B A of a module is multiplied by; rank: its own."""
    patterns = config.get("alpha_pattern") or {}
    fitting = [key for key in patterns if module == key or module.endswith(f".{key}")]
    alpha = patterns[fitting[0]] if fitting else config.get("lora_alpha")
    if not isinstance(alpha, (int, float)) or not isinstance(rank, int) or alpha <= 0 or rank <= 0:
        raise CheckpointError(f"{place}: lora_alpha is {brief(alpha)} and r {brief(rank)}; expected numbers above 0")
    return alpha / (rank**0.5 if config.get("use_rslora") else rank)


def _together(denses: list[str], own: dict, base: dict) -> tuple[np.ndarray, np.ndarray]:
    """A and B of a module that holds these Denses, of which some have adapters."""
    if len(denses) == 1:
        return np.asarray(own[denses[0] + FIRST]), np.asarray(own[denses[0] + SECOND])
    firsts, blocks = [], []
    for dense in denses:
        first, second = (np.asarray(own[dense + end]) if dense + end in own else None for end in (FIRST, SECOND))
        out = base[f"{dense}.weight"].shape[0]
        firsts += [] if first is None else [first]
        blocks.append(np.zeros((out, 0), np.float32) if second is None else second)
    second, column = np.zeros((sum(len(b) for b in blocks), sum(b.shape[1] for b in blocks)), np.float32), 0
    row = 0
    for block in blocks:
        second[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return np.concatenate(firsts), second
