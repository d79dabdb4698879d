"""LoRA: a network that stands still, and small matrices beside its own that are trained in its place."""

from dataclasses import dataclass

from tasklab.config.section import Section
from tasklab.config.values import TRAINING, setting


@dataclass
class LoraConfig(Section, path="lora", needs=TRAINING):
    """Source: Hu et al. 2021; `modules_to_save` is peft's word."""

    rank: int = setting(0, ge=0)  # rows of the first small matrix, columns of the second; 0 trains the network itself
    alpha: float = setting(16.0, gt=0)  # what the two give is multiplied by alpha / rank
    dropout: float = setting(0.0, ge=0, lt=1)  # of what the first one reads, in training
    targets: list[str] = setting(["query", "value"])  # names of Denses that get such matrices; all: those of all layers
    # names of parts that are trained as they are, and kept beside the matrices; what the weights lack is in any case
    modules_to_save: list[str] = setting(["head"])

    def idle(self):
        yield from super().idle()
        for key in ("alpha", "dropout", "targets", "modules_to_save"):
            if not self.rank and self.changed(key):
                yield f"lora.{key}", "lora.rank", "set that to 8, say"

    def problems(self):
        yield from super().problems()
        if self.rank and not self.targets:
            yield ("lora.targets",), "lora.targets is empty; name Denses, such as [query, value], or [all]"
