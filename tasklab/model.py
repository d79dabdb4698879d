"""A task's network with tokenizer and weights: from a configuration, loaded with a ledger, never silently random.

First the task, with its tokenizer and all that only the data knows; then, when the data is known to be sound, the
network and its weights.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasklab.config import Config, DataConfig, LoraConfig, find_model
from tasklab.config.description import describe
from tasklab.content import from_home
from tasklab.encoders import ENCODERS
from tasklab.errors import CheckpointError, ConfigError
from tasklab.networks import NETWORKS
from tasklab.plugins import brought
from tasklab.runs.source import find_source, names_weights
from tasklab.saved import NEEDS, listed, standing_alone, with_saved
from tasklab.task import TASKS, Task
from tasklab.text import tokenizer_of
from tasklab.weights.folder import ADAPTER, CONFIG, LABELS, is_checkpoint, json_bytes, metrics_in
from tasklab.weights.ledger import FINETUNE, STRICT
from tasklab.weights.outputs import answered, rows_by_name
from tasklab.weights.source import vocabulary_in
from tasklab.weights.store import WeightSource, named_weights, read_source
from tasklab.weights.sums import verify_file
from tasklab.weights.tables import with_copies

if TYPE_CHECKING:
    from mindspore import nn

    from tasklab.adapted import Adapted

logger = logging.getLogger("tasklab")


class Model:
    """What training starts from and prediction runs on. `source` is None for a start from scratch; `adapted` is there
    where adapters are trained."""

    def __init__(
        self, task: Task, network: "nn.Cell", source: WeightSource | None, adapted: "Adapted | None" = None
    ):
        self.task, self.network, self.source, self.adapted = task, network, source, adapted

    @property
    def config(self) -> Config:
        return self.task.config

    def files(self) -> dict[str, bytes]:
        """What a checkpoint needs beside the weights to stand alone: configuration and tokenizer."""
        config = standing_alone(self.config)
        components = type(self.task), ENCODERS.get(config.model.encoder), NETWORKS.get(self.task.head)
        header = "".join(f"{NEEDS}{place}\n" for place in brought(*components))
        labels = {LABELS: json_bytes(config.model.labels)} if config.model.labels else {}  # for other programs too
        beside = {ADAPTER: self.adapted.beside.to_json()} if self.adapted else {}
        return {CONFIG: (header + config.to_yaml()).encode(), **labels, **beside, **self.task.tokenizer.files()}


@dataclass(frozen=True)
class Prepared:
    """A task that knows its tokenizer and its labels, and the weights that its network will take.

    labels: those of the outputs of the weights' own head, in their order.
    rows: the data section that the weights were trained with.
    trains: adapters are trained where the configuration has some; else they are put into the weights.
    """

    task: Task
    source: WeightSource | None
    policy: str = FINETUNE
    labels: tuple[str, ...] = ()
    rows: DataConfig | None = None
    trains: bool = False

    def load(self) -> Model:
        """Builds the network and fills it. Raises: CheckpointError when the weights do not fit."""
        from tasklab.adapted import adapt, resumed, started
        from tasklab.nn.init import initialize
        from tasklab.weights.loading import load_into

        task = self.task
        build = NETWORKS.get(task.head)
        network = build(task.config)
        initialize(network, task.config.seed, task.config.model.initializer_range)
        if self.source is None:
            logger.info("from_scratch: every weight starts random (seed %d)", task.config.seed)
            return Model(task, network, None)
        resumes = self.trains and self.policy == STRICT
        tensors, _, notes = read_source(self.source, apart=resumes)
        tensors = with_copies(tensors, {name for name, _ in network.parameters_and_names()})
        labels = task.config.model.labels
        named, changed = list(self.labels) if "labels" in build.reads else [], []  # others name no rows of the head
        if named and named != labels and sorted(answered(named)) == sorted(labels):
            tensors = rows_by_name(tensors, named, labels)
            changed = [name for name in tensors if name.startswith("head.")]
            notes += [f"the head's rows are matched by name: {listed(labels)}"]
        elif self.policy == FINETUNE and named and named != labels:
            tensors = {name: array for name, array in tensors.items() if not name.startswith("head.")}
            notes += [f"the head starts new: it knows the labels {listed(self.labels)}, the data {listed(labels)}"]
        aside = build.aside(task.config.model) if build.aside else ()
        if build.aside:  # names that no table knows are of heads: those of an encoder have been refused
            aside += tuple(name for name in tensors if not name.startswith("encoder."))
        lora = task.config.lora
        if resumes and lora.rank:
            adapt(network, lora, task.config.seed)
        ledger = load_into(network, tensors, self.policy, self.source.name, aside)
        for line in (ledger.render(self.source.name), *notes):
            logger.info(line)
        if not (self.trains and lora.rank):
            return Model(task, network, self.source)
        if resumes:
            return Model(task, network, self.source, resumed(network, self.source))
        adapt(network, lora, task.config.seed)
        new = {*ledger.new, *changed}
        return Model(task, network, self.source, started(network, lora, self.source, new, ledger.dropped))


def prepare_start(config: Config, weights: str | None) -> Prepared:
    """For a training: encoder weights from `weights`, the head from its initializer.

    Raises: CheckpointError when there are no weights and `from_scratch` was not asked for.
    """
    config = config.copy()  # the data may settle some of it
    if config.from_scratch:
        task = _task(config, _vocabulary_without_weights(config))
        _settle(task, [])
        return Prepared(task, None, trains=True)
    if weights is None:
        raise CheckpointError(
            f"{config.name} names no weights to start from; set checkpoint=<name or folder>, "
            "or from_scratch=true to train a random network"
        )
    source = find_weights(weights)
    labels = _labels_of(source)
    task = _task(config, config.tokenizer.vocab or source.vocabulary)
    _settle(task, answered(labels))
    return Prepared(task, source, FINETUNE, tuple(labels), trains=True)


def _settle(task: Task, labels: list[str]):
    """What only the data knows. Raises: ConfigError where the user names labels, and the task has its own."""
    config = task.config
    named = config.model.labels if config.asked("model.labels") else None
    task.settle(labels)
    if named is not None and config.model.labels != named:
        message = f"model.labels = {named}: {config.task} has labels of its own here, {config.model.labels}"
        raise ConfigError(config.placed("model.labels", f"{message}; leave it out"))


def prepare_ready(config: Config, checkpoint, trains: bool = False) -> Prepared:
    """For evaluations, predictions and a resume, which trains: every weight from `checkpoint`, sizes, rows and
    tokenizer too.

    Raises: CheckpointError when there is none, or it belongs to another task; ConfigError when the two do not go
    together.
    """
    if checkpoint is None:
        remedy = "train it and name the folder of the run, or set checkpoint=<name or folder>"
        raise CheckpointError(f"{config.name} names no weights; {remedy}")
    source, rows = find_weights(checkpoint), None
    if is_checkpoint(source.folder):
        config, rows = with_saved(config, source.folder)
    config = config.copy()
    if not trains:
        config.lora = LoraConfig()
    config.validate()
    config.model.labels = config.model.labels or _labels_of(source)
    task = _task(config, config.tokenizer.vocab or source.vocabulary)
    labels = task.config.model.labels
    task.config.model.labels = answered(labels)
    if not trains:
        task.recall(metrics_in(source.folder))
    return Prepared(task, source, STRICT, tuple(labels), rows, trains)


def _labels_of(source: WeightSource) -> list[str]:
    """The names of the outputs, where the folder says them."""
    if is_checkpoint(source.folder):
        verify_file(source.folder / CONFIG)
    return describe(source.folder, source.file.name).model.labels


def start_model(config: Config, weights: str | None) -> Model:
    return prepare_start(config, weights).load()


def ready_model(config: Config, checkpoint) -> Model:
    return prepare_ready(config, checkpoint).load()


def find_weights(name) -> WeightSource:
    """Resolves named weights, a folder, or the name of a recipe or backbone, which stands for its own weights."""
    if not Path(str(name)).exists() and name not in named_weights():
        entry = find_model(str(name))
        if entry is not None and entry.checkpoint:
            name = entry.checkpoint
    return find_source(name)


def _task(config: Config, vocabulary) -> Task:
    if vocabulary is None:
        files = "vocab.txt, spiece.model or merges.txt"
        raise ConfigError(f"{config.name}: no vocabulary; set tokenizer.vocab to a {files}")
    tokenizer = tokenizer_of(config.tokenizer, vocabulary)
    if tokenizer.vocab_size > config.model.vocab_size:
        size = tokenizer.vocab_size
        remedy = f"set model.vocab_size={size}" if config.from_scratch else "use the vocabulary of the weights"
        message = f"{vocabulary} holds {size} pieces, but model.vocab_size is {config.model.vocab_size}"
        raise ConfigError(f"{message}; {remedy}")
    _check_target(config, getattr(tokenizer, "target", None))
    return TASKS.get(config.task)(config, tokenizer)


def _check_target(config: Config, target):
    """Raises: ConfigError where one of two vocabularies is missing, or has more words than the decoder."""
    words = config.model.decoder_vocab_size
    if target is None and words:
        text = f"model.decoder_vocab_size is {words}, but the target has no vocabulary of its own"
        raise ConfigError(f"{config.name}: {text}; set tokenizer.decoder_vocab to its file")
    if target is not None and not words:
        text = f"the target's own vocabulary holds {target.vocab_size} pieces; set model.decoder_vocab_size to as many"
        raise ConfigError(f"{config.name}: {text}, or leave tokenizer.decoder_vocab out")
    if target is not None and target.vocab_size > words:
        text = f"the target's vocabulary holds {target.vocab_size} pieces, but model.decoder_vocab_size is {words}"
        raise ConfigError(f"{config.name}: {text}; use the vocabulary that belongs to the weights")


def _vocabulary_without_weights(config: Config):
    if config.tokenizer.vocab or not config.checkpoint:
        return config.tokenizer.vocab
    folder = from_home(config.checkpoint)
    if folder.is_dir() and not names_weights(folder):  # a description of a network, and a vocabulary at most
        return vocabulary_in(folder)
    return find_source(config.checkpoint).vocabulary
