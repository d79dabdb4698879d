"""How long a run is, how large its batches, when it evaluates and saves (names: HuggingFace TrainingArguments)."""

from dataclasses import dataclass

from tasklab.config.section import Section
from tasklab.config.values import TRAINING, setting

MOST_ROWS = 1 << 16
"""Of one batch; more fill no memory that there is, and gradient_accumulation_steps makes larger ones."""
LENGTH = ("epochs", "max_steps")
"""Settings of train that say how long a run is."""


@dataclass
class TrainConfig(Section, path="train", needs=TRAINING):
    epochs: int = setting(3, ge=1)  # times that every row is learned from
    batch_size: int = setting(32, ge=1, le=MOST_ROWS)  # rows per device and micro-step
    gradient_accumulation_steps: int = setting(1, ge=1)  # micro-steps to one optimizer step
    gradient_cache: bool = False  # those micro-steps are one batch for a loss that compares rows with each other
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
        if self.gradient_cache and self.gradient_accumulation_steps == 1:
            yield "train.gradient_cache", "train.gradient_accumulation_steps", "raise that"
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
class EvaluateConfig(Section, path="evaluate"):
    batch_size: int = setting(32, ge=1, le=MOST_ROWS)  # rows per device; changes speed and memory, never a score
