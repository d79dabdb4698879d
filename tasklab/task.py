"""The contract between a task and the engine: six verbs in the order the data flows (after allennlp's readers)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tasklab.config import Config, DataConfig
from tasklab.data.rows.features import FeatureTable
from tasklab.metrics.report import Report
from tasklab.registry import Registry

if TYPE_CHECKING:
    from mindspore import nn

TASKS = Registry("task", package="tasklab.tasks")
"""Task(config, tokenizer): one object per run, used by training, evaluation and prediction alike."""

RowOutputs = Iterable[tuple[np.ndarray, tuple[np.ndarray, ...]]]
"""Batches of (row numbers [n], network outputs, each [n, ...] float32), in any order; every row exactly once."""


class Task(ABC):
    """Base of all tasks. A batch is a dict of columns; rows beyond the real ones have sample_weight 0.

    A subclass states what differs from the defaults below and implements the verbs.
    Encoding works on many examples at once: repeated texts are tokenised once, and columns are cached as they are.
    """

    data_config: ClassVar[type[DataConfig]] = DataConfig
    defaults: ClassVar[dict[str, Any]] = {}
    """Nested config values that suit this task; recipes and the user override them."""
    inputs: ClassVar[tuple[str, ...]] = ("input_ids", "attention_mask", "token_type_ids")
    labels: ClassVar[tuple[str, ...]] = ()
    """Columns that the network and, after them, the loss take."""
    labelled_evaluation: ClassVar[bool] = False
    """Rows encoded with training=False carry their labels too, so that evaluations can tell the mean loss."""
    loss_settings: ClassVar[tuple[str, ...]] = ()
    """Settings of config.loss that `loss` honours, rdrop_alpha aside; a run with others is refused."""
    scored_answers: ClassVar[int] = 1
    """How many answers per example `score` needs: 1, or more where their order is what counts."""
    encoder_alone: ClassVar[bool] = False
    """The network is the encoder of any model, whatever that was trained for: heads in its weights are left aside, and
    layers above model.hidden_layer."""
    not_trained: ClassVar[str] = ""
    """For a task that has nothing to learn: what to do instead of training it."""
    metric: ClassVar[str]
    """Name in `score` that picks the best checkpoint; higher is better."""
    title: ClassVar[str]
    """How the log names the metrics: `<title> = {...}`."""
    default_model: ClassVar[str]
    """Recipe for those who name the task alone."""
    primer: ClassVar[str]
    """One line that shows what `predict` takes."""

    def __init__(self, config: Config, tokenizer):
        self.config, self.tokenizer = config, tokenizer

    def prepare(self, labels: list[str]):  # noqa: B027 - optional: most tasks have nothing to settle
        """Before a network is built for training: settles in `config` what only the data knows, such as model.labels.

        labels: those of the checkpoint that training starts from, or []. Their order is kept where the data allows it.
        """

    @abstractmethod
    def read(self, path, training: bool) -> tuple[Sequence, str]:
        """File or folder -> (examples, one line on rows left out or ''). Raises DataError naming every bad row.

        An example may tell its `stratum`, what folds and subsets hold in equal shares; `StoredExamples` lie on disk.
        """

    @abstractmethod
    def parse(self, input_data) -> list:
        """What a user passes to predict -> examples. Raises DataError naming the position."""

    def parts(self, input_data) -> Iterator[list]:
        """`parse`, in parts that are answered one after the other; for a task that takes files larger than memory."""
        yield self.parse(input_data)

    @abstractmethod
    def encode(self, examples: Sequence, training: bool) -> FeatureTable:
        """Examples -> rows of unpadded token ids with all that `decode` needs; one example may give several rows."""

    @abstractmethod
    def network(self) -> "nn.Cell":
        """Encoder and head: construct(*inputs) -> tuple of outputs, each [B, ...]."""

    @abstractmethod
    def loss(self) -> "nn.Cell":
        """construct(*outputs, *labels, sample_weight) -> (sum of the row losses, sum of their weights), two scalars.

        Sums, not means, so that accumulated micro-batches give exactly the gradient of the big batch.
        """

    @abstractmethod
    def decode(self, outputs: RowOutputs, features: FeatureTable, examples: Sequence, top_k: int = 1) -> list[list]:
        """One list per example, best answer first, at most top_k long."""

    @abstractmethod
    def score(self, predictions: list[list], examples: Sequence) -> dict[str, float]:
        """Official metrics over every example."""

    def report(self, predictions: list[list], examples: Sequence) -> Report:
        """What stands behind the score: classes, confusions, wrong answers, intervals; as much as the task has."""
        return Report()

    @abstractmethod
    def baseline(self, examples: Sequence) -> dict[str, float]:
        """The same metrics for a rule that learns nothing, to show beside the score."""

    def learned_baseline(self, training: Sequence, examples: Sequence) -> dict[str, float] | None:
        """The same metrics for something simple that learns from `training`, such as counting words; None: nothing."""
        return None


def list_tasks() -> list[str]:
    """Names accepted as `task`."""
    return TASKS.names()
