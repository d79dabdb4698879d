"""The contract between a task and the engine: verbs in the order the data flows (after allennlp's readers)."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tasklab.config import Config, DataConfig, ModelConfig
from tasklab.data.rows.features import FeatureTable
from tasklab.errors import ConfigError
from tasklab.metrics.report import Report
from tasklab.registry import Registry
from tasklab.runner import RowOutputs, Runner

if TYPE_CHECKING:
    from mindspore import nn

logger = logging.getLogger("tasklab")

TASKS = Registry("task", package="tasklab.tasks")
"""Task(config, tokenizer): one object per run, used by training, evaluation and prediction alike."""

CUT = "cut_"
"""In the names of those counts of `Rows.info` that tell of inputs whose end is not read."""
TRIVIAL, LEARNED = "trivial baseline", "simple baseline that learns"
"""What the log calls the two kinds of baselines."""

UPDATES = 200
"""Optimizer steps that a fine-tuning takes at least, train.min_steps of the tasks' defaults (measured:
docs/measurements.md, small data)."""

Metrics = dict[str, float]
"""Name -> value; a count is an int, and no metric that a checkpoint can be picked by."""


class Task(ABC):
    """Base of all tasks: a subclass states what differs from the defaults below and implements the verbs.

    Encoding works on many examples at once: repeated texts are tokenised once, and columns are cached as they are.
    """

    head: str
    """Of the network, a name in NETWORKS."""
    data_config: ClassVar[type[DataConfig]] = DataConfig
    defaults: ClassVar[dict[str, Any]] = {}
    """Nested config values that suit this task; recipes and the user override them."""
    loss_settings: ClassVar[tuple[str, ...]] = ()
    """Settings of config.loss that `loss` honours, rdrop_alpha aside; a run with others is refused."""
    metric: str
    """Name in `score` that picks the best checkpoint; higher is better."""
    perfect: ClassVar[float] = 1.0
    """What a perfect answer scores in metrics that have a highest value: 1, or 100 where they are percent."""
    title: ClassVar[str]
    """How the log names the metrics: `<title> = {...}`."""
    layout: str = "answers"
    """How files hold what `predict` answers, of data.files.answers.LAYOUTS."""
    generates: ClassVar[bool] = False
    """Whether `answer` asks the runner to generate, and the section `generation` counts."""
    chats: ClassVar[bool] = False
    """Whether it answers in turns, word by word: it has `stream` and `fits`."""
    one_answer: ClassVar[bool] = False
    """Whether an input has one answer, which holds all that there is, and no second best one."""
    asks: ClassVar[tuple[str, ...]] = ()
    """Settings of config.data that `predict` takes by name, as what an input is asked."""
    answers_untrained: ClassVar[bool] = False
    """Whether published weights answer before they are trained for anything."""
    answers_as_trained: ClassVar[tuple[str, ...]] = ()
    """Tasks with this one's head, whose models it answers with as they are."""
    primer: ClassVar[str]
    """One line that shows what `predict` takes."""

    def __init__(self, config: Config, tokenizer):
        self.config, self.tokenizer = config, tokenizer

    @property
    def unknown_ids(self) -> dict[str, int]:
        """Columns of tokens -> the id that stands for what the vocabulary lacks."""
        return {"input_ids": self.tokenizer.unk_id}

    @abstractmethod
    def read(self, path, training: bool) -> tuple[Sequence, str]:
        """File or folder -> (examples, one line on rows left out or ''). Raises DataError naming every bad row.

        An example may tell its `stratum`, what folds and subsets hold in equal shares, and by its `text` and its
        `documents` (see `data.rows.groups`) what stays together when some are held out. `StoredExamples` lie on disk.
        """

    @classmethod
    def head_for(cls, model: ModelConfig) -> str:
        """Of the network that such a model is."""
        return cls.head

    def settle(self, labels: list[str]):  # noqa: B027 - optional: most tasks have nothing to settle
        """Before a training: fills in `config` what only the data knows, such as model.labels.

        labels: those of the checkpoint that training starts from, or []. Their order is kept where the data allows it.
        """

    def recall(self, metrics: Metrics):  # noqa: B027 - optional: most answers follow from the network alone
        """Before predictions and evaluations of trained weights: what these scored when they were kept, if anything."""

    @abstractmethod
    def encode(self, examples: Sequence, training: bool) -> FeatureTable:
        """Examples -> rows of unpadded token ids with all that `decode` needs; one example may give several rows.

        Rows that carry the columns of the loss in an evaluation too get their mean loss among the metrics.
        """

    def loss(self) -> "nn.Cell | None":
        """construct(*outputs, *labels, sample_weight) -> (sum of the row losses, sum of their weights), two scalars;
        the cell's `labels` names the columns that it takes.

        Sums, not means, so that accumulated micro-batches give exactly the gradient of the big batch.
        Left as it is by a task that has nothing to learn.
        """
        return None

    @classmethod
    def learns(cls) -> bool:
        """Whether it has a loss; without one it takes a model as it is."""
        return cls.loss is not Task.loss

    @abstractmethod
    def parse(self, input_data) -> Sequence | Iterator:
        """What a user passes to predict -> examples; an iterator where they may be more than memory holds.

        Raises DataError naming the position.
        """

    def about(self, file, questions) -> Sequence:
        """What `parse` takes for questions about a file; questions: texts, or a Path of the file that they are in.

        Raises: DataError for files that cannot be; ConfigError where the task answers no such questions.
        """
        raise ConfigError(f"{self.config.task} answers no questions about a file; it takes for example {self.primer}")

    def answer(self, examples: Sequence, run: Runner, top_k: int | None = None, rows: FeatureTable | None = None):
        """One list of answers per example, best first: the examples' rows, what `run` makes of them, decoded.

        Args:
            top_k: at most so many each; None: as many as `score` wants.
            rows: of these very examples, where they are encoded already.
        """
        if rows is None:
            rows = self.encode(examples, training=False)
            cut = [f"{count} {name.replace('_', ' ')}" for name, count in rows.info.items() if count and CUT in name]
            if cut:
                data = self.config.data
                lengths = ", ".join(f"data.{key} {data[key]}" for key in data if key.startswith("max_"))
                logger.warning("inputs: %s, of which the rest is not read; tokens: %s", ", ".join(cut), lengths)
        return self.decode(run(rows), rows, examples, top_k)

    @abstractmethod
    def decode(self, outputs: RowOutputs, rows: FeatureTable, examples: Sequence, top_k: int | None = None) -> list:
        """What the network says of `rows` as answers, see `answer`."""

    @abstractmethod
    def score(self, predictions: list[list], examples: Sequence) -> Metrics:
        """Official metrics over every example."""

    def report(self, predictions: list[list], examples: Sequence) -> Report:
        """What stands behind the score: classes, confusions, wrong answers, intervals; as much as the task has."""
        return Report()

    @abstractmethod
    def baselines(self, examples: Sequence, training: Sequence | None = None) -> dict[str, Metrics]:
        """The same metrics for simple rules, to show beside the score, by what the log calls them.

        The first learns nothing. With the examples of a `training`, one that learns from them may follow.
        """


def list_tasks() -> list[str]:
    """Names accepted as `task`."""
    return TASKS.names()
