"""What the label of a text is: one class, any number of classes, or a number; all that follows from it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tasklab.config import Config
from tasklab.errors import ConfigError
from tasklab.metrics.classification import majority
from tasklab.metrics.report import Report
from tasklab.metrics.wrong import Shown
from tasklab.registry import Registry

if TYPE_CHECKING:
    from mindspore import nn

TARGETS = Registry("problem type", package="tasklab.targets")
"""Target(config), by model.problem_type."""


def target_of(config: Config) -> "Target":
    return TARGETS.get(config.model.problem_type)(config)


def refuse_other_targets(config: Config):
    """For a task whose labels are one class each: raises ConfigError when model.problem_type says something else."""
    kind = config.model.problem_type
    if kind != "single_label_classification":
        message = f"model.problem_type = {kind}: {config.task} knows single_label_classification alone; set it to that"
        raise ConfigError(config.placed("model.problem_type", message))


class Target(ABC):
    """One object per run, for tasks that read TextExamples. N examples, C outputs per example."""

    metric: ClassVar[str]
    """Name in `score` that picks the best checkpoint."""
    answer: ClassVar[str] = "label"
    """Key of an answer under which stands what is compared with the label."""
    scores: ClassVar[tuple[str, ...]] = ("logits", "prob")
    """What there is of an answer besides, where data.output_<name> asks for it."""
    loss_settings: ClassVar[tuple[str, ...]] = ()
    """Settings of config.loss that `loss` honours."""
    soft_settings: ClassVar[tuple[str, ...]] = ("soft_alpha", "soft_kind", "temperature")
    """Those that `soft_loss` honours."""
    softened: ClassVar[str]
    """What loss.soft_kind: kl means here, of nn.distillation.DISTANCES."""

    def __init__(self, config: Config):
        """Raises: ConfigError where the data section asks for what such an answer does not have."""
        self.config = config
        for key in (f"output_{name}" for name in Target.scores if name not in self.scores):
            if key in config.data and config.data[key]:
                kind = config.model.problem_type
                message = f"data.{key}: there is none where model.problem_type is {kind}; set it to false"
                raise ConfigError(config.placed(f"data.{key}", message))

    def settle(self, before: list[str]):  # noqa: B027 - optional: a number needs nothing
        """Fills in what only the training data knows; `before`: the labels of the checkpoint that it starts from."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """C; 0 where nobody has named the classes yet."""

    @abstractmethod
    def column(self, labels: Sequence) -> np.ndarray:
        """[N, ...] what the loss compares the outputs with; None among the labels is none."""

    @abstractmethod
    def loss(self) -> "nn.Cell":
        """(logits [B, C], column, sample_weight) -> (sum, weight)."""

    def soft_loss(self) -> "nn.Cell":
        """(logits [B, C], column, teacher_logits [B, C], sample_weight) -> (sum, weight)."""
        from tasklab.nn.losses.distillation import DistillationLoss

        config = self.config.loss
        distance = "mse" if config.soft_kind == "mse" else self.softened
        return DistillationLoss(self.loss(), distance, config.soft_alpha, config.temperature)

    @abstractmethod
    def answers(self, logits: np.ndarray, top_k: int) -> list[list[dict]]:
        """[N, C] float64 -> at most top_k answers for each, best first."""

    def certainty(self, answer: dict) -> float | None:
        """How sure an answer is, from 0 to 1; None where it does not tell."""
        return answer.get("score")

    @abstractmethod
    def score(self, predicted: Sequence, references: Sequence) -> dict[str, float]:
        """The metrics, as fractions of 1 where they have a range."""

    @abstractmethod
    def report(self, predicted: Sequence, references: Sequence, shown: Sequence[Shown]) -> Report:
        """What stands behind the metrics."""

    def constant(self, references: Sequence) -> list:
        """The answer that learns nothing: the most frequent label for each of these very examples."""
        return majority(references)

    def learned(self, texts: Sequence[str], labels: Sequence, asked: Sequence[str]) -> list:
        """An answer for each of `asked` by a linear model of the words in `texts`."""
        from tasklab.metrics.tfidf import tfidf_predictions

        return tfidf_predictions(texts, labels, asked)

    def add_scores(self, answers: list[list[dict]], **tables: np.ndarray):
        """Puts all outputs (logits) and probabilities (prob) into each best answer where data.output_* is set."""
        for name, table in tables.items():
            if self.config.data[f"output_{name}"]:
                for ranked, row in zip(answers, table.round(6).tolist(), strict=True):
                    ranked[0][name] = row
