"""Adapters to and from the files of HuggingFace's peft."""

from dataclasses import dataclass
from pathlib import Path

from tasklab.config.description import family_of
from tasklab.errors import CheckpointError
from tasklab.saved import saved_config
from tasklab.task import TASKS
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing
from tasklab.weights import peft
from tasklab.weights.adapters import FIRST, SECOND, adapters_in, beside
from tasklab.weights.files import TensorFile, lazy_safetensors
from tasklab.weights.folder import WEIGHTS, json_bytes, read_json, write_folder
from tasklab.weights.outputs import numbered
from tasklab.weights.source import read_alone
from tasklab.weights.store import read_source
from tasklab.weights.tables import find_format
from tasklab.weights.tensors import check_finite


@dataclass(frozen=True)
class Moved:
    folder: Path
    adapters: int
    base: str
    others: int

    def __str__(self):
        return f"{self.folder}: {self.adapters} adapters beside {self.base}, {self.others} weights trained whole"


@TOOLS.register("adapter-to-peft")
def adapter_to_peft(source: str, *, to: str, base: str | None = None) -> Moved:
    """Write the adapters of a run with LoRA as peft keeps them: adapter_config.json and adapter_model.safetensors.

    Args:
        source: a checkpoint or run folder; of a run its best checkpoint is taken.
        to: the folder to write.
        base: what peft shall load as the base, a name of the hub or a folder in HuggingFace's layout; without it the
            name or place by which tasklab knows the base.
    """
    from tasklab.runs.source import find_source

    refuse_existing(to)
    weights = find_source(source)
    adapters = adapters_in(weights.folder)
    if adapters is None:
        raise CheckpointError(f"{weights.folder}: holds no adapters for peft; `tasklab convert` writes whole models")
    config = saved_config(weights.folder)
    every = read_source(weights, apart=True)[0]
    whole = {name: tensor for name, tensor in every.items() if not name.endswith((FIRST, SECOND))}
    names = _names(config, whole)
    own = read_alone(weights, names.head)[0]
    tensors, described = peft.to_peft(own, adapters.scale, names, base or adapters.base)
    write_folder(to, {peft.WEIGHTS: TensorFile(tensors, {"format": "pt"}), peft.CONFIG: json_bytes(described)})
    return _moved(to, own, described["base_model_name_or_path"])


@TOOLS.register("adapter-from-peft")
def adapter_from_peft(source: str, *, base: str, task: str, to: str) -> Moved:
    """Make a folder that every verb takes of adapters that peft has saved.

    Args:
        source: the folder with adapter_config.json and adapter_model.safetensors.
        base: the weights beside which they were trained, a name or folder of a model.
        task: what the model is for, such as text_generation.
        to: the folder to write.
    """
    from tasklab.adapted import Adapted
    from tasklab.model import Model, find_weights, prepare_start
    from tasklab.runs.source import is_found_by_name
    from tasklab.trainer import Trainer

    refuse_existing(to)
    folder = Path(source)
    described = read_json(folder / peft.CONFIG)
    if not isinstance(described, dict):
        raise CheckpointError(f"{folder / peft.CONFIG}: expected one JSON object")
    tensors = lazy_safetensors(folder / peft.WEIGHTS)
    check_finite(folder / peft.WEIGHTS, tensors)
    config = Trainer(task=task, model=base).config
    weights = find_weights(config.checkpoint)
    names = _names(config, read_source(weights, TASKS.get(task).head)[0])
    own, scale = peft.from_peft(tensors, described, names, str(folder))
    if "head.classifier.weight" in own and not config.model.labels:
        config.model.labels = numbered(len(own["head.classifier.weight"]))
    model = prepare_start(config, config.checkpoint).load()
    there = {name for name, _ in model.network.parameters_and_names()}
    changed = {name.partition(".lora.")[0] + ".weight" if name.endswith((FIRST, SECOND)) else name for name in own}
    if strange := sorted(changed - there):
        raise CheckpointError(f"{folder}: the network for {task} has no {', '.join(strange[:5])}; name its own task")
    adapters = beside(weights, is_found_by_name(weights.name), scale, names.base.keys() - there)
    files = Model(model.task, model.network, weights, Adapted(frozenset(own), adapters)).files()
    write_folder(to, {WEIGHTS: TensorFile(own), **files})
    return _moved(to, own, adapters.base)


def _names(config, whole: dict) -> peft.Names:
    family = family_of(config.model)
    table = find_format("huggingface", family)
    if table is None:
        raise CheckpointError(f"transformers has no {family}, so peft has no names for its adapters")
    return peft.Names(whole, table, TASKS.get(config.task).head)


def _moved(to, own: dict, base: str) -> Moved:
    adapters = sum(name.endswith(FIRST) for name in own)
    return Moved(Path(to), adapters, base, sum(not name.endswith((FIRST, SECOND)) for name in own))
