"""A whole run: its sections, and what has to hold between them."""

import dataclasses
import re
from dataclasses import dataclass

from tasklab.config.data_section import DataConfig
from tasklab.config.dump import dump
from tasklab.config.generation_section import GenerationConfig
from tasklab.config.learning_sections import AdversarialConfig, LossConfig, OptimizerConfig, ScheduleConfig
from tasklab.config.lora_section import LoraConfig
from tasklab.config.model_section import ModelConfig
from tasklab.config.registries import TOKENIZERS, name_problem
from tasklab.config.section import Section
from tasklab.config.train_section import EvaluateConfig, TrainConfig
from tasklab.config.values import setting
from tasklab.errors import ConfigError, brief

OUTPUT = "output"
"""The folder of the runs that say none, where a person looks for them."""


@dataclass
class TokenizerConfig(Section, path="tokenizer"):
    name: str = "wordpiece"  # docs/configuration.md has the table
    lowercase: bool = True  # wordpiece: words are made small, accents go
    strip_accents: bool | None = None  # wordpiece; null: as lowercase says
    tokenize_chinese_chars: bool = True  # wordpiece: each Chinese character is a word
    vocab: str | None = setting(None, file=True)  # null takes the one beside the weights
    decoder_vocab: str | None = setting(None, file=True)  # of the target's own words; null: those beside, else none

    def problems(self):
        yield from super().problems()
        yield from name_problem(self, TOKENIZERS)


@dataclass
class Config(Section):
    """A whole run. Build one with `tasklab.config.resolve`, or `Config.create` for bare defaults."""

    task: str | None = None
    name: str | None = None  # of the model: the recipe's or backbone's
    checkpoint: str | None = None  # named weights or path the run starts from
    from_scratch: bool = False  # random weights, wanted
    seed: int = setting(42, ge=0, lt=2**31)  # of every random draw
    output_dir: str | None = None  # folder of the run; null: output/<name>, numbered when that is taken
    device_target: str = setting("auto", choices=("auto", "CPU", "GPU", "Ascend"))  # auto: the best that is there
    device_id: int = setting(0, ge=0)  # which of several devices
    precision: str = setting("fp32", choices=("fp32", "fp16", "bf16", "int8"))  # of products; int8: of weights alone
    kernels: str = setting("auto", choices=("auto", "off"))  # fused CPU kernels, where they can be built
    recompute: bool = False  # store fewer activations, compute them again
    data_parallel: int = setting(1, ge=1)  # processes
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = dataclasses.field(default_factory=ScheduleConfig)
    lora: LoraConfig = dataclasses.field(default_factory=LoraConfig)
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    adversarial: AdversarialConfig = dataclasses.field(default_factory=AdversarialConfig)
    evaluate: EvaluateConfig = dataclasses.field(default_factory=EvaluateConfig)
    generation: GenerationConfig = dataclasses.field(default_factory=GenerationConfig)

    def __post_init__(self):
        # never written or compared: lines for the log, such as ignored keys; where each value was said; and what values
        # came with the model or the task, key -> value
        object.__setattr__(self, "notes", [])
        object.__setattr__(self, "places", {})
        object.__setattr__(self, "inherited", {})

    @classmethod
    def create(cls, data_class=DataConfig, **values) -> "Config":
        """The defaults with the task's own data section; `values` are top-level keys or sections as mappings."""
        config = cls(data=data_class())
        for key, value in values.items():
            config[key] = value
        return config

    def asked(self, key: str) -> bool:
        """Whether whoever runs this asks for the value of `key`: it is no default, and did not come with the model."""
        return self.changed(key) and not (key in self.inherited and self.inherited[key] == self[key])

    def placed(self, key: str, message: str) -> str:
        """The message behind the place where the value of `key` was said, if anybody said it."""
        return f"{self.places[key]}: {message}" if key in self.places else message

    def to_yaml(self) -> str:
        """Every value resolved, as a checkpoint's config.yaml holds it; `read_config` gives the same bits back."""
        return dump(self)

    def validate(self) -> "Config":
        """Itself. Raises one ConfigError that lists every combination that cannot work."""
        if messages := [message for _, message in self.problems()]:
            raise ConfigError("\n".join(messages))
        return self

    def idle(self):
        yield from super().idle()
        yield from self.data.idle_beside(self)

    def problems(self):
        yield from super().problems()
        if self.name is not None and (self.name in ("", ".", "..") or re.search(r"[/\x00-\x1f\x7f]", self.name)):
            yield (
                ("name",),
                f"name is {brief(self.name)}; expected a plain file name without /, as the run's folder is "
                "output/<name> (output_dir names any folder)",
            )
        for key, by, remedy in self.idle():
            yield (key, by), f"{key} = {self[key]} changes nothing with {by} = {self[by]}; remove it, or {remedy}"
        yield from self.data.problems_beside(self)
        length, positions = self.data.max_seq_length, self.model.max_position_embeddings
        if length > (most := self.model.max_tokens):
            taken = f" less model.position_offset {self.model.position_offset}" if most < positions else ""
            yield (
                ("data.max_seq_length", "model.max_position_embeddings"),
                f"data.max_seq_length {length} is more than model.max_position_embeddings {positions}{taken}; "
                f"set data.max_seq_length to at most {most}",
            )
        if self.lora.rank and self.from_scratch:
            yield (
                ("lora.rank", "from_scratch"),
                f"lora.rank = {self.lora.rank} trains beside weights that are there, and from_scratch = true has none; "
                "name a checkpoint and set from_scratch to false, or set lora.rank to 0",
            )
        if self.lora.dropout and self.precision == "bf16":
            yield (
                ("lora.dropout", "precision"),
                f"lora.dropout {self.lora.dropout} runs on stock operators, which have no bf16; set precision=fp32, or "
                "lora.dropout to 0",
            )
        steps, last = self.schedule.warmup_steps, self.train.max_steps
        if steps and last and steps > last:
            yield (
                ("schedule.warmup_steps", "train.max_steps"),
                f"schedule.warmup_steps {steps} is more than train.max_steps {last}; the peak is never reached",
            )
