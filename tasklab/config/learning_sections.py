"""What is minimised, and how: loss, optimizer, schedule, shifted word vectors."""

from dataclasses import dataclass

from tasklab.config.matching_losses import MATCHING_LOSSES
from tasklab.config.registries import OPTIMIZERS, SCHEDULES, name_problem, unread
from tasklab.config.section import Section
from tasklab.config.values import TRAINING, TRUTH, setting


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
    rates: dict[str, float] = setting({})  # part of the network -> factor on lr there; 0 freezes it
    ema_decay: float | None = setting(None, gt=0, lt=1)  # evaluate and save a moving average of the weights

    def idle(self):
        yield from super().idle()
        yield from unread(self, OPTIMIZERS, always=("name", "lr", "weight_decay", "layer_decay", "rates", "ema_decay"))

    def problems(self):
        yield from super().problems()
        yield from name_problem(self, OPTIMIZERS)
        for name, factor in self.rates.items():
            if factor < 0:
                yield ("optimizer.rates",), f"optimizer.rates: {name} is {factor}; expected a factor on lr from 0 on"


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
    # text matching: what is learned from; null: cosine_mse of vectors that are compared by their cosine, else
    # cross_entropy. docs/text_matching.md has the table
    matching: str | None = setting(None, choices=tuple(MATCHING_LOSSES), rows=True)
    scale: float = setting(20.0, gt=0)  # matching: factor on cosines, 1 / temperature
    margin: float | None = setting(None, ge=0)  # matching: of cosines; null: the loss's own
    symmetric: bool = False  # matching: matches are told from both sides
    # matching: what a match is told from: the other rows' matches, the row's own negatives, or both of all rows
    negatives: str = setting("both", choices=("both", "in_batch", "given"))
    queue_size: int = setting(0, ge=0)  # matching: vectors of past steps, from which a match is told too; 0: none
    queue_momentum: float = setting(0.995, ge=0, lt=1)  # share of the old weights in the encoder that makes them

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
