"""The sections of a run and what has to hold between them (names: HuggingFace TrainingArguments)."""

import dataclasses
import re
from dataclasses import dataclass
from typing import ClassVar

from tasklab.config.dump import dump
from tasklab.config.model_section import ModelConfig
from tasklab.config.registries import OPTIMIZERS, SCHEDULES, TOKENIZERS, name_problem, unread
from tasklab.config.section import Section
from tasklab.config.values import TRAINING, TRUTH, setting
from tasklab.errors import ConfigError, brief

MOST_ROWS = 1 << 16
"""Of one batch; more fill no memory that there is, and gradient_accumulation_steps makes larger ones."""
OUTPUT = "output"
"""The folder of the runs that say none, where a person looks for them."""


NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.I | re.ASCII)
PERCENT = re.compile(NUMBER.pattern + r"\s*%", re.I | re.ASCII)


@dataclass
class TokenizerConfig(Section, path="tokenizer"):
    name: str = "wordpiece"  # docs/configuration.md has the table
    lowercase: bool = True  # wordpiece: words are made small, accents go
    strip_accents: bool | None = None  # wordpiece; null: as lowercase says
    tokenize_chinese_chars: bool = True  # wordpiece: each Chinese character is a word
    vocab: str | None = setting(None, file=True)  # null takes the one beside the weights

    def problems(self):
        yield from super().problems()
        yield from name_problem(self, TOKENIZERS)


@dataclass
class DataConfig(Section, path="data"):
    """What every task reads; a task adds its own fields in a subclass."""

    passed_over: ClassVar[tuple[str, ...]] = ()
    """Fields of a base class that mean nothing to this kind of data."""

    # file or folder, or datasets:NAME[:CONFIG[:SPLIT]] of the HuggingFace hub
    train: str | None = setting(None, needs=TRAINING)
    # the same, or a share of data.train to hold out, such as 0.2; no: none; null: a tenth where that is enough to score
    eval: str | None = setting(None, needs=TRUTH)
    max_seq_length: int = setting(128, ge=4, rows=True)  # tokens, special ones included
    on_bad_row: str = setting("error", choices=("error", "skip"))  # skip: left out and counted
    num_buckets: int = setting(2, ge=1)  # planned sequence lengths; each costs one compilation, kernels skip padding
    group_by_length: bool = setting(False, needs=TRAINING)  # batches of similar length: less padding, less random
    encoding: str | None = None  # of text files, such as cp1252 or gb18030; null is UTF-8
    cache: bool = True  # keep encoded features between runs
    output_inputs: bool | None = None  # predictions carry id and texts of their inputs; null: in a .csv alone
    limit: int | None = setting(None, ge=1, needs=TRUTH)  # examples read from each file; null reads all
    # share of the training examples, drawn by seed; null takes all
    subset: float | None = setting(None, gt=0, le=1, needs=TRAINING)
    # cut data.train into so many parts and evaluate on one of them
    folds: int | None = setting(None, ge=2, needs=TRAINING)
    fold: int = setting(0, ge=0, needs=TRAINING)  # the part that is held out, from 0

    @property
    def eval_share(self) -> float | None:
        """The share of data.train that data.eval asks to hold out."""
        return float(self.eval) if self.eval is not None and NUMBER.fullmatch(self.eval) else None

    @property
    def eval_path(self) -> str | None:
        """The file or folder that data.eval names."""
        return None if self.eval_off or self.eval_share is not None else self.eval

    @property
    def eval_off(self) -> bool:
        """Whether nothing is to be evaluated on: `no`, which a YAML reader takes for false."""
        return self.eval is not None and self.eval.lower() in ("no", "off", "false")

    def max_length(self, axis: str) -> int:
        """Tokens of the longest row along an axis: max_seq_length for `input`, max_target_length for `target`, ..."""
        return self.max_seq_length if axis == "input" else self[f"max_{axis}_length"]

    def idle(self):
        yield from super().idle()
        for key in self.passed_over:
            if self.changed(key):
                yield f"data.{key}", "task", "take another task"
        if self.changed("fold") and not self.folds:
            yield "data.fold", "data.folds", "set that to the number of parts"

    def problems(self):
        yield from super().problems()
        if self.encoding is not None and not is_encoding(self.encoding):
            yield (("data.encoding",), f"data.encoding {self.encoding!r} is none; try utf-8, cp1252, gb18030")
        share = self.eval_share
        if share is not None and not 0 < share < 1 or self.eval is not None and PERCENT.fullmatch(self.eval):
            told = f"data.eval is {self.eval}; expected a share of data.train between 0 and 1 to hold out, such as 0.2"
            yield ("data.eval",), f"{told}, no, or a file (of this name: ./{self.eval})"
        if self.folds and self.fold >= self.folds:
            yield (
                ("data.fold", "data.folds"),
                f"data.fold {self.fold} does not exist among {self.folds}; they count from 0",
            )


def is_encoding(name: str) -> bool:
    """Whether Python decodes bytes to text by that name."""
    try:
        return isinstance(b"".decode(name), str)
    except (LookupError, ValueError, TypeError):
        return False


LENGTH = ("epochs", "max_steps")
"""Settings of train that say how long a run is."""


@dataclass
class TrainConfig(Section, path="train", needs=TRAINING):
    epochs: int = setting(3, ge=1)  # times that every row is learned from
    batch_size: int = setting(32, ge=1, le=MOST_ROWS)  # rows per device and micro-step
    gradient_accumulation_steps: int = setting(1, ge=1)  # micro-steps to one optimizer step
    max_steps: int | None = setting(None, ge=1)  # optimizer steps; when set it ends the run instead of epochs
    min_steps: int | None = setting(None, ge=1)  # epochs are raised to make so many; epochs set after it are the law
    max_grad_norm: float = setting(1.0, ge=0)  # 0 does not clip
    logging_steps: int = setting(10, ge=1)  # optimizer steps between two lines of the log
    # null: steps when eval_steps (save_steps) is set, else epoch; the end is always saved, a new best unless no
    eval_strategy: str | None = setting(None, choices=("epoch", "steps", "no"))
    eval_steps: int | None = setting(None, ge=1)  # optimizer steps from one evaluation to the next
    save_strategy: str | None = setting(None, choices=("epoch", "steps", "best", "no"))
    save_steps: int | None = setting(None, ge=1)  # optimizer steps from one checkpoint to the next
    save_total_limit: int | None = setting(2, ge=1)  # checkpoints kept besides the best one; null keeps all
    early_stopping_patience: int | None = setting(None, ge=1)  # evaluations without a better score
    early_stopping_threshold: float = setting(0.0, ge=0)  # a gain up to this does not count as better
    metric_for_best_model: str | None = None  # null takes the task's own
    greater_is_better: bool | None = None  # null: yes, unless the metric is a loss
    # evaluate and predict take the best checkpoint of the run, not the last
    load_best_model_at_end: bool = setting(True, needs="")
    tensorboard: bool = False  # writes what is logged for TensorBoard too

    def __setattr__(self, name, value):
        """Whoever sets the length of a run means it: a least number of steps that was said before goes."""
        super().__setattr__(name, value)
        if name in LENGTH and value is not None:
            super().__setattr__("min_steps", None)

    def idle(self):
        yield from super().idle()
        for kind in ("eval", "save"):
            if self[f"{kind}_steps"] and self[f"{kind}_strategy"] not in (None, "steps"):
                yield f"train.{kind}_steps", f"train.{kind}_strategy", "set that to steps, or to null"
        if self.early_stopping_threshold and not self.early_stopping_patience:
            yield "train.early_stopping_threshold", "train.early_stopping_patience", "set that too"

    def problems(self):
        yield from super().problems()
        for kind in ("eval", "save"):
            strategy, steps = f"train.{kind}_strategy", f"train.{kind}_steps"
            if self[f"{kind}_strategy"] == "steps" and self[f"{kind}_steps"] is None:
                yield (strategy, steps), f"{strategy} is steps; set {steps}"
        if self.min_steps and self.max_steps:
            yield (
                ("train.min_steps", "train.max_steps"),
                f"train.min_steps {self.min_steps} raises epochs, and train.max_steps {self.max_steps} ends the run "
                "whatever they are; leave one out",
            )
        for key, wants in (("early_stopping_patience", self.early_stopping_patience is not None),
                           ("save_strategy", self.save_strategy == "best")):  # fmt: skip
            if wants and self.eval_strategy == "no":
                yield (
                    (f"train.{key}", "train.eval_strategy"),
                    f"train.{key} = {self[key]} needs evaluations; set train.eval_strategy to epoch or steps",
                )

    def when(self, kind: str) -> str:
        """The strategy in force for `eval` or `save`."""
        return self[f"{kind}_strategy"] or ("steps" if self[f"{kind}_steps"] else "epoch")


@dataclass
class OptimizerConfig(Section, path="optimizer", needs=TRAINING):
    name: str = "adamw"  # or adafactor, or a plug-in's
    lr: float = setting(3e-5, gt=0)  # the peak of the schedule
    weight_decay: float = setting(0.01, ge=0)  # not applied to biases and norms
    betas: tuple[float, float] = setting((0.9, 0.999), ge=0, lt=1)
    eps: float = setting(1e-8, gt=0)
    bias_correction: bool = True  # False is BERT's original Adam
    clip_threshold: float = setting(1.0, gt=0)  # adafactor: most that the root mean square of an update may be
    decay_rate: float = setting(-0.8, lt=0)  # adafactor: step n weighs n ** decay_rate in the mean squares
    scale_parameter: bool = False  # adafactor: lr is relative to the root mean square of each weight
    layer_decay: float = setting(1.0, gt=0, le=1)  # factor on lr from each layer to the one below it
    ema_decay: float | None = setting(None, gt=0, lt=1)  # evaluate and save a moving average of the weights

    def idle(self):
        yield from super().idle()
        yield from unread(self, OPTIMIZERS, always=("name", "lr", "weight_decay", "layer_decay", "ema_decay"))

    def problems(self):
        yield from super().problems()
        yield from name_problem(self, OPTIMIZERS)


@dataclass
class LossConfig(Section, path="loss", needs=TRUTH):
    """What is minimised. A task names the settings that its loss knows; the others are refused."""

    class_weights: dict[str, float] = setting({})  # label -> weight of its rows; 1 where none is said
    # class_weights from the training data: rows / (classes * rows of the class); null: where rows are few and uneven
    balanced: bool | None = None
    max_weight_ratio: float | None = setting(None, ge=1)  # of the largest such weight to the smallest
    label_smoothing: float = setting(0.0, ge=0, lt=1)  # share of the truth spread over all classes
    focal_gamma: float = setting(0.0, ge=0)  # 2 is usual; 0 is plain cross entropy
    soft_alpha: float = setting(0.5, ge=0, le=1)  # share of the teacher's scores; with data.soft_targets only
    soft_kind: str = setting("mse", choices=("mse", "kl"))  # of the outputs as they are, or of the probabilities
    temperature: float = setting(2.0, gt=0)  # kl only: the higher, the more the small scores count
    rdrop_alpha: float = setting(0.0, ge=0)  # weight of the divergence between two passes; 0 makes one pass

    def idle(self):
        yield from super().idle()
        if self.max_weight_ratio and not self.balanced:
            yield "loss.max_weight_ratio", "loss.balanced", "set that to true"
        if self.changed("temperature") and self.soft_kind != "kl":
            yield "loss.temperature", "loss.soft_kind", "set that to kl"


@dataclass
class AdversarialConfig(Section, path="adversarial", needs=TRAINING):
    """Training on shifted word vectors too; fgm doubles the time of a step, pgd multiplies it by 1 + steps."""

    name: str = setting("none", choices=("none", "fgm", "pgd"))
    epsilon: float = setting(0.1, gt=0)  # L2 norm of the shift of each target, at most
    alpha: float | None = setting(None, gt=0)  # L2 norm of one step, pgd only; null is 0.3 of epsilon
    steps: int = setting(3, ge=1)  # pgd only
    target: str = "embeddings.word"  # weights with this in their name

    def idle(self):
        yield from super().idle()
        read = {"none": (), "fgm": ("epsilon", "target"), "pgd": ("epsilon", "target", "alpha", "steps")}
        for key in self:
            if key not in ("name", *read[self.name]) and self.changed(key):
                readers = " or ".join(name for name in read if key in read[name])
                yield f"adversarial.{key}", "adversarial.name", f"set that to {readers}"


@dataclass
class ScheduleConfig(Section, path="schedule", needs=TRAINING):
    name: str = "linear"  # docs/training.md has the table
    warmup_ratio: float = setting(0.1, ge=0, le=1)  # of all optimizer steps
    warmup_steps: int | None = setting(None, ge=0)  # null: warmup_ratio says it; set warmup_ratio to 0 with it
    lr_end: float = setting(0.0, ge=0)  # the rate at the last step
    power: float = setting(1.0, gt=0)  # polynomial only
    num_cycles: float = setting(0.5, gt=0)  # cosine only; 0.5 falls from the peak to lr_end once
    decay_ratio: float = setting(0.5, gt=0, le=1)  # tri_stage only: share of all steps in which it falls

    def idle(self):
        yield from super().idle()
        yield from unread(self, SCHEDULES, always=("name",))

    def problems(self):
        yield from super().problems()
        yield from name_problem(self, SCHEDULES)
        if self.warmup_ratio and self.warmup_steps is not None:
            yield (
                ("schedule.warmup_ratio", "schedule.warmup_steps"),
                f"schedule.warmup_ratio {self.warmup_ratio} and schedule.warmup_steps {self.warmup_steps} "
                "are both set; give one, and set the ratio to 0 or the steps to null",
            )


@dataclass
class EvaluateConfig(Section, path="evaluate"):
    batch_size: int = setting(32, ge=1, le=MOST_ROWS)  # rows per device; changes speed and memory, never a score


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
    precision: str = setting("fp32", choices=("fp32", "fp16", "bf16"))  # of the matrix products
    kernels: str = setting("auto", choices=("auto", "off"))  # fused CPU kernels, where they can be built
    recompute: bool = False  # store fewer activations, compute them again
    data_parallel: int = setting(1, ge=1)  # processes
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    tokenizer: TokenizerConfig = dataclasses.field(default_factory=TokenizerConfig)
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = dataclasses.field(default_factory=ScheduleConfig)
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    adversarial: AdversarialConfig = dataclasses.field(default_factory=AdversarialConfig)
    evaluate: EvaluateConfig = dataclasses.field(default_factory=EvaluateConfig)

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
        if found := [message for _, message in self.problems()]:
            raise ConfigError("\n".join(found))
        return self

    def idle(self):
        yield from super().idle()
        if "soft_targets" in self.data and not self.data.soft_targets:
            for key in ("soft_alpha", "soft_kind", "temperature"):
                if self.loss.changed(key):
                    yield f"loss.{key}", "data.soft_targets", "set that to true"

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
        length, positions = self.data.max_seq_length, self.model.max_position_embeddings
        if length > (most := self.model.max_tokens):
            taken = f" less model.position_offset {self.model.position_offset}" if most < positions else ""
            yield (
                ("data.max_seq_length", "model.max_position_embeddings"),
                f"data.max_seq_length {length} is more than model.max_position_embeddings {positions}{taken}; "
                f"set data.max_seq_length to at most {most}",
            )
        steps, last = self.schedule.warmup_steps, self.train.max_steps
        if steps and last and steps > last:
            yield (
                ("schedule.warmup_steps", "train.max_steps"),
                f"schedule.warmup_steps {steps} is more than train.max_steps {last}; the peak is never reached",
            )
