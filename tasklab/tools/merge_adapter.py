"""Adapters put into the weights beside which they were trained: a model that needs no other folder (Hu et al. 2021)."""

from dataclasses import dataclass
from pathlib import Path

from tasklab.config import LoraConfig
from tasklab.errors import CheckpointError
from tasklab.saved import NEEDS, saved_config
from tasklab.tools import TOOLS
from tasklab.tools.opened import open_model
from tasklab.weights.adapters import adapters_in
from tasklab.weights.folder import CONFIG


@dataclass(frozen=True)
class Merged:
    folder: Path
    base: str
    tensors: int

    def __str__(self):
        return f"{self.folder}: {self.tensors} tensors, those of {self.base} with what was trained beside them"


@TOOLS.register("merge-adapter")
def merge_adapter(source: str, *, to: str) -> Merged:
    """Make a whole model of a run with LoRA: W + alpha / rank * B A in place of each W.

    Every verb takes the adapters' own folder as well; this one can be moved alone, and is as large as its base.

    Args:
        source: a checkpoint or run folder; of a run its best checkpoint is taken.
        to: the folder to write.
    """
    model = open_model(source)
    folder = model.source.folder
    adapters = adapters_in(folder)
    if adapters is None:
        raise CheckpointError(f"{folder}: holds no adapters; it is a whole model already")
    config = saved_config(folder)
    config.lora = LoraConfig()
    header = [line for line in (folder / CONFIG).read_text(encoding="utf-8").splitlines(True) if line.startswith(NEEDS)]
    written = model.write(to, model.tensors, **{CONFIG: ("".join(header) + config.to_yaml()).encode()})
    return Merged(written, adapters.base, len(model.tensors))
